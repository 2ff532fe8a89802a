/**
 * Follows the objects through what a source shows: takes pictures, has the engine follow them one at a time, and hands
 * on what came of it. While the picture stands still, a new prompt is answered in the frame that is seen.
 */

import type { Engine } from '../engine/client.ts'
import type { Tracked } from '../engine/messages.ts'
import type { FrameSource, MovingSource } from '../frames/frame_source.ts'
import { type Closable, LatestFrameGate } from '../frames/latest_frame_gate.ts'
import type { VideoFile } from '../frames/video_file.ts'
import type { Objects } from './objects.ts'
import type { FrameTimes } from './stats.ts'

/** A picture on its way to the engine. */
interface TakenFrame extends Closable {
  readonly number: number
  readonly image: ImageBitmap
  readonly taken: number
  /** Frames since following began, where none is left out; null where some may be */
  readonly place: number | null
  readonly time: number
}

/** A frame that was followed. */
export interface FollowedFrame {
  readonly tracked: Tracked
  readonly times: FrameTimes
  readonly place: number | null
  /** s into the video */
  readonly time: number
}

export interface FollowerEvents {
  followed(frame: FollowedFrame): void
  /** It started, stopped, or reached the end of a file. */
  moved(): void
  failed(error: unknown): void
}

export class Follower {
  readonly #engine: Engine
  readonly #objects: Objects
  readonly #events: FollowerEvents
  readonly #gate: LatestFrameGate<TakenFrame>
  #source: FrameSource | null = null
  #moving: MovingSource | null = null
  #number = 0
  /** Frames since following began; null where some were left out */
  #place: number | null = 0
  #dropped = 0
  #running = false
  #stepping: Promise<void> | null = null

  constructor(engine: Engine, objects: Objects, events: FollowerEvents) {
    this.#engine = engine
    this.#objects = objects
    this.#events = events
    this.#gate = new LatestFrameGate((frame) => this.#follow(frame), (error) => events.failed(error))
  }

  get running(): boolean {
    return this.#running
  }

  /** The number of the frame that stands still; null while the picture moves */
  get still(): number | null {
    return this.#running ? null : this.#number
  }

  /** Where pictures come from. Whoever turns to another stops it first. */
  set source(source: FrameSource | null) {
    this.#source = source
    this.began()
  }

  /** Begin anew at the frame that is shown, which a person went to. */
  began(): void {
    this.#number += 1
    this.#place = 0
  }

  /** Follow a moving source at its own speed, dropping frames that come too fast. */
  async play(source: MovingSource): Promise<void> {
    this.#running = true
    this.#moving = source
    this.#place = null
    try {
      await source.play(
        () => void this.#offer(null).catch((error: unknown) => this.#events.failed(error)),
        () => this.#stopped(),
      )
    } catch (error) {
      this.#stopped()
      throw error
    }
    this.#events.moved()
  }

  /** Follow every frame of a file from the one that is shown, however long each takes. */
  everyFrame(video: VideoFile): void {
    this.#running = true
    this.#place ??= 0
    this.#stepping = this.#step(video).catch((error: unknown) => this.#events.failed(error)).finally(() => {
      this.#stepping = null
      this.#stopped()
    })
    this.#events.moved()
  }

  /** Stand still. Resolves when nothing is in flight any more. */
  async stop(): Promise<void> {
    this.#running = false
    this.#moving?.pause()
    this.#gate.clear()
    await this.#stepping
    await this.#gate.drained()
    if (this.#moving !== null) this.#stopped()
  }

  /** Answer a new prompt: in the frame that stands still, or in the next one. */
  async prompted(): Promise<void> {
    if (this.#running || this.#source === null) return
    await this.#offer(this.#place)
  }

  async #step(video: VideoFile): Promise<void> {
    while (this.#running && (await video.next())) {
      this.#place = (this.#place ?? 0) + 1
      await this.#offer(this.#place)
      await this.#gate.drained()
    }
  }

  async #offer(place: number | null): Promise<void> {
    const source = this.#source
    // There is nothing to do for a frame without objects.
    if (source === null || this.#objects.list.length === 0) return
    if (this.#running) this.#number += 1
    const number = this.#number
    const taken = performance.now()
    const { time } = source
    const image = await source.grab()
    this.#gate.offer({ number, image, taken, place, time, close: () => image.close() })
  }

  async #follow({ number, image, taken, place, time }: TakenFrame): Promise<void> {
    if (this.#objects.list.length === 0) return
    const tracked = await this.#engine.ask('track', { frame: number, image, prompts: this.#objects.take() })
    const sum = (runs: readonly number[]): number => runs.reduce((total, run) => total + run, 0)
    const graphs = Object.fromEntries(Object.entries(tracked.ms).map(([name, runs]) => [name, sum(runs)]))
    const dropped = this.#gate.dropped - this.#dropped
    this.#dropped += dropped
    this.#events.followed({ tracked, times: { taken, shown: performance.now(), graphs, dropped }, place, time })
  }

  #stopped(): void {
    this.#running = false
    // What a player shows when it stops may be a frame later than the last that was taken.
    if (this.#moving !== null) this.#number += 1
    this.#moving = null
    this.#events.moved()
  }
}
