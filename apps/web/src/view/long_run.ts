/** Something that takes long: how far it is, a button that stops it, and what it says when it ends. */

import type { Engine, OnProgress } from '../engine/client.ts'
import type { Workbench } from '../workbench.ts'
import { element, set } from './element.ts'

export class LongRun {
  readonly element: HTMLElement
  readonly #workbench: Workbench
  readonly #bar = element('progress', { max: 1, 'aria-label': 'Progress' })
  readonly #what = element('p', { class: 'muted', role: 'status' })
  readonly #stop = element('button', { onclick: () => void this.#engine?.ask('stop', {}) }, 'Stop')
  #engine: Engine | null = null

  constructor(workbench: Workbench) {
    this.#workbench = workbench
    this.element = element('div', { class: 'long-run', hidden: true }, this.#bar, this.#what, this.#stop)
  }

  /** Run it, with `starters` disabled meanwhile, on the workbench's engine or another. */
  async run<Result>(
    who: string,
    starters: readonly HTMLButtonElement[],
    work: (engine: Engine, onProgress: OnProgress) => Promise<Result>,
    engine: Engine = this.#workbench.engine,
  ): Promise<Result> {
    return this.#workbench.occupy(who, async () => {
      this.#engine = engine
      this.#show(starters, true)
      this.#progress(0, 'Starting')
      this.#stop.focus()
      try {
        return await work(engine, (done, what) => this.#progress(done, what))
      } finally {
        this.#show(starters, false)
        starters[0]?.focus()
      }
    })
  }

  #progress(done: number, what: string): void {
    this.#bar.value = done
    if (this.#what.textContent !== what) this.#what.textContent = what
  }

  #show(starters: readonly HTMLButtonElement[], running: boolean): void {
    this.element.hidden = !running
    for (const button of starters) set(button, { disabled: running })
  }
}
