/** A kernel pack, run: the small parts that models are made of, each timed, so that any model's time can be told. */

import { battery } from '../../benchmark/battery.ts'
import { thisDevice } from '../../benchmark/device.ts'
import { packReport } from '../../benchmark/report.ts'
import type { PackResult } from '../../benchmark/result.ts'
import type { Offered } from '../../catalogue.ts'
import { Engine } from '../../engine/client.ts'
import type { SourceRequest } from '../../engine/messages.ts'
import { thisBrowser } from '../../runners/browser.ts'
import { defaultThreads, threadCounts } from '../../runners/threads.ts'
import type { Workbench } from '../../workbench.ts'
import { element, facts } from '../element.ts'
import { LongRun } from '../long_run.ts'
import type { Notices } from '../notices.ts'
import { chooser } from '../opening.ts'
import { ResultFile } from '../result_file.ts'
import type { Screen } from '../shell.ts'

export class PackScreen implements Screen {
  readonly name = 'Kernel pack'
  readonly icon = 'box'
  readonly element: HTMLElement
  readonly #notices: Notices
  readonly #run: LongRun
  readonly #threads = element('select', { id: 'pack-threads' })
  readonly #packs = element('div', { class: 'buttons' })
  readonly #result = element('div', { role: 'status' })

  constructor(workbench: Workbench, notices: Notices) {
    this.#notices = notices
    this.#run = new LongRun(workbench)
    this.#offerThreads([1])
    void thisBrowser().then(({ threads }) => this.#offerThreads(Object.values(threads)))
    this.offer([])
    this.element = element(
      'section', { class: 'page' },
      element('h2', {}, 'Kernel pack'),
      element(
        'p', {},
        'A kernel pack is a zip of a few hundred small kernels, which ', element('code', {}, 'vitexport bench --pack'),
        ' makes. Timed on this device, they tell how long any model takes on it: save the result, and give it to ',
        element('code', {}, 'vitexport latency import'), '.',
      ),
      element('div', { class: 'field' }, element('label', { for: 'pack-threads' }, 'Threads'), this.#threads),
      this.#packs, this.#run.element, this.#result,
    )
  }

  /**
   * Up to the most of any runtime, because which one a pack needs is not known before it is open. The default is what
   * each can have, and so that of a bundle.
   */
  #offerThreads(most: readonly number[]): void {
    const used = defaultThreads(Math.min(...most))
    this.#threads.replaceChildren(
      ...threadCounts(Math.max(...most), used).map((threads) =>
        element('option', { value: threads, selected: threads === used }, String(threads)),
      ),
    )
  }

  /** Packs that the server has, besides those that the user may choose */
  offer(packs: readonly Offered[]): void {
    this.#packs.replaceChildren(
      ...packs.map((pack) =>
        element('button', { class: 'primary', onclick: () => void this.#measure(sourceOf(pack)) }, `Run ${pack.name}`),
      ),
      chooser('Choose a pack', { accept: '.zip,application/zip', id: 'pack' }, (files) =>
        this.#measure({ kind: 'zip', file: files[0]! }),
      ),
    )
  }

  async #measure(source: SourceRequest): Promise<void> {
    this.#result.replaceChildren()
    const buttons = [...this.#packs.querySelectorAll('button')]
    const threads = Number(this.#threads.value)
    // Of its own: a runtime keeps the number of threads that it was started with.
    const own = new Engine()
    try {
      const start = await battery()
      const result = await this.#run.timed('The kernel pack', buttons, (engine, onProgress) =>
        engine.ask('pack', { source, threads }, onProgress), own,
      )
      const charge = { start, end: await battery() }
      const report = new ResultFile(this.#notices, await thisDevice(), (device) =>
        packReport(result, { device, battery: charge }),
      )
      this.#result.replaceChildren(...shown(result), report.element)
    } catch (error) {
      this.#notices.fail(error)
    } finally {
      own.close()
    }
  }
}

function sourceOf({ url }: Offered): SourceRequest {
  return { kind: 'url', url: new URL(url, location.href).href }
}

function shown({ kernels, failures, total, stopped, runtime, threads }: PackResult): HTMLElement[] {
  const timed = Object.keys(kernels).length
  const used = `${threads} ${threads === 1 ? 'thread' : 'threads'}`
  const failed = failures.length === 0 ? [] : [
    element(
      'details', {}, element('summary', {}, 'Those that did not run'),
      facts(failures.map(({ key, reason }) => [key, reason] as const)),
    ),
  ]
  return [
    element('p', { class: 'headline' }, element('strong', {}, String(timed)), ` of ${total} kernels were timed`),
    element('p', { class: 'muted' }, `${stopped ? 'It was stopped before its end. ' : ''}Run by ${runtime}, ${used}.`),
    ...failed,
  ]
}
