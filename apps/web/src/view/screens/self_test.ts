/** Whether this device's masks are PyTorch's: the sequence that the bundle brings, followed here and compared. */

import type { SelfTestResult } from '../../conformance/self_test.ts'
import { LEAST_IOU } from '../../conformance/self_test.ts'
import type { Workbench } from '../../workbench.ts'
import { element, facts, set } from '../element.ts'
import { icon } from '../icons.ts'
import { LongRun } from '../long_run.ts'
import type { Notices } from '../notices.ts'
import type { Screen } from '../shell.ts'
import { configurationName } from '../words.ts'

export class SelfTestScreen implements Screen {
  readonly name = 'Self-test'
  readonly icon = 'check'
  readonly element: HTMLElement
  readonly #workbench: Workbench
  readonly #notices: Notices
  readonly #run: LongRun
  readonly #what = element('p')
  readonly #start = element('button', { class: 'primary', onclick: () => void this.#test() }, 'Run the self-test')
  readonly #result = element('div', { role: 'status' })

  constructor(workbench: Workbench, notices: Notices) {
    this.#workbench = workbench
    this.#notices = notices
    this.#run = new LongRun(workbench)
    this.element = element(
      'section', { class: 'page' },
      element('h2', {}, 'Self-test'), this.#what, this.#start, this.#run.element, this.#result,
    )
    workbench.onChange(() => this.#update())
    this.#update()
  }

  #update(): void {
    this.#result.replaceChildren()
    const sequence = this.#workbench.opened?.summary.sequence ?? null
    set(this.#start, { disabled: sequence === null })
    this.#what.textContent =
      sequence === null
        ? 'Open a bundle of a tracker: it brings frames, and the masks that PyTorch found in them.'
        : `The bundle brings ${sequence.frames} frames, and PyTorch's masks of ${sequence.objects} objects in them. ` +
          `They are followed on this device, and every mask has to cover the same pixels (IoU of ${LEAST_IOU} or more).`
  }

  async #test(): Promise<void> {
    this.#result.replaceChildren()
    try {
      const result = await this.#run.run('The self-test', [this.#start], (engine, onProgress) =>
        engine.ask('selfTest', {}, onProgress),
      )
      this.#show(result)
    } catch (error) {
      this.#notices.fail(error)
    }
  }

  #show({ pass, iou, maxAbs, frames, stopped, detail }: SelfTestResult): void {
    const configuration = this.#workbench.opened?.configuration
    const verdict = stopped ? 'Stopped before its end' : pass ? 'Agrees with PyTorch' : 'Does not agree with PyTorch'
    const state = stopped ? 'open' : pass ? 'passed' : 'failed'
    this.#result.replaceChildren(
      element('p', { class: `verdict ${state}` }, icon(pass && !stopped ? 'check' : 'warning'), verdict),
      element('p', {}, detail),
      facts([
        ['Least IoU of a mask', iou.toFixed(5)],
        ['Largest difference of a logit', maxAbs.toPrecision(3)],
        ['Frames compared', String(frames)],
        ...(configuration ? [['Run by', configurationName(configuration)] as const] : []),
      ]),
    )
  }
}
