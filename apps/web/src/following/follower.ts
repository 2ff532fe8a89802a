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
  readonly index: number | null
  readonly time: number
}

/** A frame that was followed. */
export interface FollowedFrame {
  readonly tracked: Tracked
  readonly times: FrameTimes
  readonly index: number | null
  /** s into the video */
  readonly time: number
}

interface FollowerEvents {
  followed(frame: FollowedFrame): void
  /** It started, stopped, or reached the end of a file. */
  moved(): void
  failed(error: unknown): void
}

export class Follower {
  readonly #engine: Pick<Engine, 'ask'>
  readonly #objects: Objects
  readonly #events: FollowerEvents
  readonly #gate: LatestFrameGate<TakenFrame>
  #source: FrameSource | null = null
  #moving: MovingSource | null = null
  /** Of the picture that is shown: the engine takes one number for one picture. */
  #number = 0
  /** Of the picture that was followed last */
  #followed: number | null = null
  /** Frames since following began; null where some were left out */
  #index: number | null = 0
  #dropped = 0
  #running = false
  #stopping = false
  #stepping: Promise<void> | null = null
  /** Resolves when all pictures that were taken are at the gate */
  #taking: Promise<void> = Promise.resolve()

  constructor(engine: Pick<Engine, 'ask'>, objects: Objects, events: FollowerEvents) {
    this.#engine = engine
    this.#objects = objects
    this.#events = events
    this.#gate = new LatestFrameGate((frame) => this.#follow(frame), (error) => this.#fail(error))
  }

  get running(): boolean {
    return this.#running
  }

  /** Whether it runs, and nobody has told it to stop, which takes as long as the frame in flight */
  get goesOn(): boolean {
    return this.#running && !this.#stopping
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
    this.#index = 0
  }

  /** Count frames from the one that is shown, unless some are left out: of those before there is nothing any more. */
  recount(): void {
    if (this.#index !== null) this.#index = 0
  }

  /** Follow a moving source at its own speed, dropping frames that come too fast. */
  async play(source: MovingSource): Promise<void> {
    this.#running = true
    this.#stopping = false
    this.#moving = source
    this.#index = null
    try {
      await source.play(
        () => {
          this.#number += 1
          void this.#take()
        },
        () => this.#stopped(),
      )
    } catch (error) {
      this.#stopped()
      throw error
    }
    this.#events.moved()
  }

  /** Follow every frame of a file from the one that is shown, however long each takes. */
  everyFrame(video: Pick<VideoFile, 'next'>): void {
    this.#running = true
    this.#stopping = false
    this.#stepping = this.#step(video).catch((error: unknown) => this.#fail(error)).finally(() => {
      this.#stepping = null
      this.#stopped()
    })
    this.#events.moved()
  }

  /** Stand still. Resolves when nothing is in flight any more. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#moving?.pause()
    if (this.#moving !== null) this.#gate.clear()
    await this.#idle()
    if (this.#moving !== null) this.#stopped()
    await this.#idle()
  }

  /** Answer a new prompt: in the frame that stands still, or in the next one. */
  async prompted(): Promise<void> {
    if (!this.#running) await this.#take()
  }

  async #step(video: Pick<VideoFile, 'next'>): Promise<void> {
    if (this.#followed !== this.#number) await this.#followShown()
    while (!this.#stopping && (await video.next())) {
      this.#number += 1
      this.#index! += 1
      await this.#followShown()
    }
  }

  async #followShown(): Promise<void> {
    await this.#take()
    await this.#gate.drained()
  }

  /** Take the picture that is shown now to the gate, after those that were taken before. */
  #take(): Promise<void> {
    const source = this.#source
    // There is nothing to do for a frame without objects.
    if (source === null || this.#objects.list.length === 0) return this.#taking
    const frame = { number: this.#number, taken: performance.now(), index: this.#index, time: source.time }
    this.#taking = Promise.all([source.grab(), this.#taking]).then(
      ([image]) => this.#gate.offer({ ...frame, image, close: () => image.close() }),
      (error: unknown) => this.#fail(error),
    )
    return this.#taking
  }

  async #follow({ number, image, taken, index, time }: TakenFrame): Promise<void> {
    if (this.#objects.list.length === 0) return
    const begun = performance.now()
    const prompts = this.#objects.take()
    let tracked: Tracked
    try {
      tracked = await this.#engine.ask('track', { frame: number, image, prompts })
    } catch (error) {
      this.#objects.giveBack(prompts)
      throw error
    }
    this.#followed = number
    if (this.#objects.list.length === 0) return // all were forgotten meanwhile
    const sum = (runs: readonly number[]): number => runs.reduce((total, run) => total + run, 0)
    const graphs = Object.fromEntries(Object.entries(tracked.ms).map(([name, runs]) => [name, sum(runs)]))
    const dropped = this.#gate.dropped - this.#dropped
    this.#dropped += dropped
    const times = { taken, begun, shown: performance.now(), graphs, dropped }
    this.#events.followed({ tracked, times, index, time })
  }

  /** Of every frame none is left out: where one fails, the next is not gone to. */
  #fail(error: unknown): void {
    this.#stopping = true
    this.#events.failed(error)
  }

  #stopped(): void {
    if (!this.#running) return
    this.#running = false
    // What a player shows when it stops may be a frame later than the last that was taken.
    if (this.#moving !== null) this.began()
    this.#moving = null
    // No frame comes for prompts that wait for the next one.
    if (this.#objects.asked) void this.#take()
    this.#events.moved()
  }

  async #idle(): Promise<void> {
    await this.#stepping
    await this.#taking
    await this.#gate.drained()
  }
}
