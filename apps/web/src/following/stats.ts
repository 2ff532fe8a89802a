/** `Stats`: how fast frames are followed, from the last of them. Measured on this device; nothing is estimated. */

import { percentile, type Percentiles } from '../benchmark/statistics.ts'

/** One frame that was followed. */
export interface FrameTimes {
  /** ms, of `performance.now()`: when the picture was taken, when its turn came, and when its masks were there */
  readonly taken: number
  readonly begun: number
  readonly shown: number
  /** Graph -> ms, all its runs for this frame together */
  readonly graphs: Readonly<Record<string, number>>
  /** Frames that were dropped since the one before */
  readonly dropped: number
}

export interface Summary {
  /** Frames a second */
  readonly fps: number | null
  /** ms from a picture's turn to its masks, of the graphs and all else */
  readonly frame: Percentiles | null
  readonly graphs: Readonly<Record<string, Percentiles>>
  /** Frames, since the start */
  readonly dropped: number
  readonly followed: number
}

/** How many frames count */
const WINDOW = 90

/** ms from masks to the next picture. After a longer break it is another run, whose rate the break says nothing of. */
const BREAK = 2000

export class Stats {
  #frames: readonly FrameTimes[] = []
  #dropped = 0
  #followed = 0

  /** The last frames, the oldest first */
  get frames(): readonly FrameTimes[] {
    return this.#frames
  }

  add(frame: FrameTimes): void {
    const last = this.#frames.at(-1)
    const earlier = last !== undefined && frame.taken - last.shown > BREAK ? [] : this.#frames
    this.#frames = [...earlier.slice(1 - WINDOW), frame]
    this.#dropped += frame.dropped
    this.#followed += 1
  }

  clear(): void {
    this.#frames = []
    this.#dropped = 0
    this.#followed = 0
  }

  summary(): Summary {
    const names = new Set(this.#frames.flatMap(({ graphs }) => Object.keys(graphs)))
    const graphs = [...names].map((name) => {
      const runs = this.#frames.map((frame) => frame.graphs[name]).filter((ms) => ms !== undefined)
      return [name, percentiles(runs)!] as const
    })
    const first = this.#frames.at(0)
    const last = this.#frames.at(-1)
    const span = first && last ? last.shown - first.shown : 0
    return {
      fps: span > 0 ? (1000 * (this.#frames.length - 1)) / span : null,
      frame: percentiles(this.#frames.map(({ begun, shown }) => shown - begun)),
      graphs: Object.fromEntries(graphs),
      dropped: this.#dropped,
      followed: this.#followed,
    }
  }
}

/** Null where there is no value */
function percentiles(values: readonly number[]): Percentiles | null {
  if (values.length === 0) return null
  const sorted = Float64Array.from(values).sort()
  return { p50: percentile(sorted, 0.5), p90: percentile(sorted, 0.9) }
}
