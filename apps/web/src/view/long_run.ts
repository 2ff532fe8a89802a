/** Something that takes long: how far it is, a button that stops it, and what it says when it ends. */

import type { Engine, OnProgress } from '../engine/client.ts'
import type { Workbench } from '../workbench.ts'
import { element, set } from './element.ts'
import { inView } from './in_view.ts'

type Work<Result> = (engine: Engine, onProgress: OnProgress) => Promise<Result>

export class LongRun {
  readonly element: HTMLElement
  readonly #workbench: Workbench
  readonly #bar = element('progress', { max: 1, 'aria-label': 'Progress' })
  readonly #what = element('p', { class: 'muted' })
  readonly #stop = element('button', { onclick: () => this.#askToStop() }, 'Stop')
  readonly #shown = element('div', { class: 'long-run', hidden: true }, this.#bar, this.#what, this.#stop)
  /** Its start and its end are said to who does not see them, and not all that is between. */
  readonly #said = element('p', { class: 'unseen', role: 'status' })
  #engine: Engine | null = null

  constructor(workbench: Workbench) {
    this.#workbench = workbench
    this.element = element('div', {}, this.#shown, this.#said)
  }

  /** Run it, with `starters` disabled meanwhile, on the workbench's engine or another. */
  async run<Result>(
    who: string,
    starters: readonly HTMLButtonElement[],
    work: Work<Result>,
    engine: Engine = this.#workbench.engine,
  ): Promise<Result> {
    return this.#workbench.occupy(who, async () => {
      this.#engine = engine
      this.#show(starters, true)
      this.#said.textContent = `${who} is running.`
      this.#progress(0, 'Starting')
      this.#stop.focus()
      try {
        return await work(engine, (done, what) => this.#progress(done, what))
      } finally {
        this.#show(starters, false)
        this.#said.textContent = `${who} has ended.`
        starters[0]?.focus()
      }
    })
  }

  /** Run what is only worth something while the page is in view. */
  async timed<Result>(
    who: string, starters: readonly HTMLButtonElement[], work: Work<Result>, engine?: Engine,
  ): Promise<Result> {
    return await inView(() => this.run(who, starters, work, engine), () => this.#askToStop())
  }

  #askToStop(): void {
    // Where the engine ends instead of answering, the run says so.
    this.#engine?.ask('stop', {}).catch(() => undefined)
  }

  #progress(done: number, what: string): void {
    this.#bar.value = done
    if (this.#what.textContent !== what) this.#what.textContent = what
  }

  #show(starters: readonly HTMLButtonElement[], running: boolean): void {
    this.#shown.hidden = !running
    for (const button of starters) set(button, { disabled: running })
  }
}
