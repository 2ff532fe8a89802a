/** How long the graphs take on this device, for a minute or for ten: in the long run, phones get hot and slow. */

import { battery } from '../../benchmark/battery.ts'
import { thisDevice } from '../../benchmark/device.ts'
import { benchmarkReport } from '../../benchmark/report.ts'
import type { BenchmarkResult } from '../../benchmark/result.ts'
import type { Opened, Workbench } from '../../workbench.ts'
import { element, set } from '../element.ts'
import { LongRun } from '../long_run.ts'
import type { Notices } from '../notices.ts'
import { ResultFile } from '../result_file.ts'
import type { Screen } from '../shell.ts'
import { configurationName, ms } from '../words.ts'

/** s, and what it is called */
const LENGTHS = [[60, 'Run for a minute'], [600, 'Run for ten minutes']] as const

export class BenchmarkScreen implements Screen {
  readonly name = 'Benchmark'
  readonly icon = 'clock'
  readonly element: HTMLElement
  readonly #workbench: Workbench
  readonly #notices: Notices
  readonly #run: LongRun
  readonly #starts: readonly HTMLButtonElement[]
  readonly #configuration = element('p', { class: 'muted' })
  readonly #result = element('div', { role: 'status' })

  constructor(workbench: Workbench, notices: Notices) {
    this.#workbench = workbench
    this.#notices = notices
    this.#run = new LongRun(workbench)
    this.#starts = LENGTHS.map(([seconds, name], place) =>
      element('button', { class: place === 0 ? 'primary' : '', onclick: () => void this.#measure(seconds) }, name),
    )
    this.element = element(
      'section', { class: 'page' },
      element('h2', {}, 'Benchmark'),
      element(
        'p', {},
        'Does what tracking does for every frame, as fast as this device can, and times each graph. Leave the app in ' +
          'view meanwhile; ten minutes show how much slower the device gets when it is hot. The self-test comes first.',
      ),
      this.#configuration,
      element('div', { class: 'buttons' }, ...this.#starts), this.#run.element, this.#result,
    )
    workbench.onChange(() => this.#update())
    this.#update()
  }

  #update(): void {
    const opened = this.#workbench.opened
    this.#result.replaceChildren()
    for (const start of this.#starts) set(start, { disabled: opened === null })
    this.#configuration.textContent = opened === null
      ? 'Open a bundle first.'
      : `${opened.summary.model} by ${configurationName(opened.configuration)}, as chosen on the Track screen.`
  }

  async #measure(seconds: number): Promise<void> {
    const opened = this.#workbench.opened
    if (opened === null) return
    this.#result.replaceChildren()
    try {
      const start = await battery()
      const result = await this.#run.timed('The benchmark', this.#starts, (engine, onProgress) =>
        engine.ask('benchmark', { seconds }, onProgress),
      )
      const circumstances = { start, end: await battery() }
      const file = new ResultFile(this.#notices, await thisDevice(), (device) =>
        benchmarkReport(result, opened.summary.manifestSha256, { device, battery: circumstances }),
      )
      this.#result.replaceChildren(...shown(result, opened), file.element)
    } catch (error) {
      this.#notices.fail(error)
    }
  }
}

function shown({ graphs, resize, e2e, halfMinutes, selfTest }: BenchmarkResult, { summary }: Opened): HTMLElement[] {
  const columns = ['ms', 'median', '90 %', '99 %', 'mean', 'runs']
  const rows = Object.entries({ ...graphs, resize }).map(([name, { p50, p90, p99, mean, n }]) =>
    element(
      'tr', {}, element('th', { scope: 'row' }, name),
      ...[p50, p90, p99, mean].map((time) => element('td', {}, time.toFixed(1))), element('td', {}, String(n)),
    ),
  )
  const tested = selfTest === null || selfTest.stopped
    ? 'The self-test was not run to its end: whoever reads these figures cannot tell whether the masks were right.'
    : selfTest.pass
      ? 'The self-test agreed with PyTorch.'
      : 'The self-test does NOT agree with PyTorch: these figures are of wrong masks.'
  return [
    element(
      'p', { class: 'headline' },
      element('strong', {}, e2e.fps.toFixed(1)), ' frames a second, ',
      element('strong', {}, ms(e2e.p50)), ' ms a frame',
    ),
    element(
      'table', { class: 'figures' },
      element('caption', { class: 'unseen' }, `Times of ${summary.model}`),
      element('thead', {}, element('tr', {}, ...columns.map((name) => element('th', { scope: 'col' }, name)))),
      element('tbody', {}, ...rows),
    ),
    ...slowing(halfMinutes),
    element('p', { class: 'muted' }, tested),
  ]
}

/** What heat did, where it was long enough to tell */
function slowing(halfMinutes: readonly number[]): HTMLElement[] {
  const [first, last] = [halfMinutes[0]!, halfMinutes.at(-1)!]
  return halfMinutes.length === 1
    ? []
    : [element('p', {}, `A frame took ${ms(first)} ms in the first half minute, and ${ms(last)} ms in the last.`)]
}
