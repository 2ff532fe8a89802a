/**
 * Times what may take less than the clock shows: browsers give it in steps of 5 µs, or of 100 µs where pages are not
 * isolated, so that a block of runs is timed, as long as many steps.
 */

import { timesOf } from '../benchmark/statistics.ts'
import type { KernelTimes } from '../benchmark/result.ts'

export type Run = () => Promise<void>

/** Steps of the clock in a block: it is then right to 2 % */
const STEPS = 50

/** Shortest block, in ms: what a call takes beside its work is then below a thousandth */
const BLOCK_MS = 1

/** Runs before those that are timed, and how long they may take in all: what takes seconds is warm after one. */
const WARMUP = 5
const WARMUP_MS = 500

/** For each kernel in each round, in ms; one block at the least */
const ROUND_MS = 40

/** The least difference that the clock shows, in ms. */
export function clockStep(): number {
  let least = Number.POSITIVE_INFINITY
  for (let turn = 0; turn < 20; turn++) {
    const before = performance.now()
    let after = before
    while (after === before) after = performance.now()
    least = Math.min(least, after - before)
  }
  return least
}

/** One kernel on the clock. */
export class KernelClock {
  readonly #run: Run
  readonly #shortest: number
  readonly #samples: number[] = []
  #block = 1
  #warmup = 0

  /** `step` is the clock's, in ms. */
  constructor(run: Run, step: number) {
    this.#run = run
    this.#shortest = Math.max(BLOCK_MS, STEPS * step)
  }

  /** Runs that are not timed, by the last of which the length of a block is chosen. Throws what the run throws. */
  async warmUp(): Promise<void> {
    const begin = performance.now()
    do {
      await this.#run()
      this.#warmup++
    } while (this.#warmup < WARMUP && performance.now() - begin < WARMUP_MS)
    // More each time, until one block is long enough: a single run may be too short for the clock to see.
    for (let took = await this.#timed(1); took < this.#shortest; took = await this.#timed(this.#block)) {
      this.#warmup += this.#block
      this.#block *= took > 0 ? Math.min(16, Math.ceil(this.#shortest / took)) : 16
    }
    this.#warmup += this.#block
  }

  /** One turn. Throws what the run throws. */
  async round(): Promise<void> {
    const end = performance.now() + ROUND_MS
    do {
      this.#samples.push((await this.#timed(this.#block)) / this.#block)
    } while (performance.now() < end)
  }

  /** ms of one run; null before the first round. */
  get times(): KernelTimes | null {
    if (this.#samples.length === 0) return null
    const { p50, mean, n, ...spread } = timesOf(this.#samples)
    const both = { p50, mean, n: n * this.#block, warmup: this.#warmup }
    return this.#block === 1 ? { ...both, ...spread } : both
  }

  async #timed(runs: number): Promise<number> {
    const begin = performance.now()
    for (let run = 0; run < runs; run++) await this.#run()
    return performance.now() - begin
  }
}
