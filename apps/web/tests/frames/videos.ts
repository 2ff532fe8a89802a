/** A browser's video element, as far as sources use one, over frames whose times a test chooses. */

import { setImmediate as later, setTimeout as passed } from 'node:timers/promises'

export class VideoElement extends EventTarget {
  paused = true
  ended = false
  videoWidth = 2
  videoHeight = 1
  duration: number
  onloadeddata: (() => void) | null = null
  /** What `play` waits for, and may fail with */
  starts: Promise<void> = Promise.resolve()
  /** Whether it shows a frame again that is shown already */
  repeats = true
  /** How often the screen is drawn until the frame that was gone to is on it */
  late = 0
  /** Frames that were shown, by their times */
  readonly presented: number[] = []
  readonly #times: readonly number[]
  readonly #length: number
  readonly #callbacks = new Map<number, VideoFrameRequestCallback>()
  #last = 0
  #starting: ((error: DOMException) => void)[] = []

  /** `times` of frames, s; `told` is how long the video seems to be before somebody went to its end. */
  constructor(times: readonly number[] = [0], length = 1, told = length) {
    super()
    this.#times = times
    this.#length = length
    this.duration = told
  }

  set src(_: string) {
    setImmediate(() => this.onloadeddata?.())
  }

  set currentTime(time: number) {
    void this.#goTo(time)
  }

  removeAttribute(): void {}

  load(): void {}

  async play(): Promise<void> {
    this.paused = false
    const paused = new Promise<never>((_, reject) => this.#starting.push(reject))
    await Promise.race([this.starts, paused])
  }

  pause(): void {
    this.paused = true
    for (const reject of this.#starting) reject(new DOMException('The play() request was interrupted.', 'AbortError'))
    this.#starting = []
  }

  requestVideoFrameCallback(callback: VideoFrameRequestCallback): number {
    this.#callbacks.set(++this.#last, callback)
    return this.#last
  }

  cancelVideoFrameCallback(handle: number): void {
    this.#callbacks.delete(handle)
  }

  /** Put a frame on the screen, and say so to whoever asked for it. */
  present(mediaTime: number): void {
    this.presented.push(mediaTime)
    const callbacks = [...this.#callbacks.values()]
    this.#callbacks.clear()
    for (const callback of callbacks) callback(0, { mediaTime } as VideoFrameCallbackMetadata)
  }

  async #goTo(time: number): Promise<void> {
    await later()
    if (time >= this.#length) this.duration = this.#length
    const frame = this.#times.findLast((begins) => begins <= time) ?? this.#times[0]!
    this.dispatchEvent(new Event('seeked'))
    for (let drawn = 0; drawn < this.late; drawn += 1) await new Promise(requestAnimationFrame)
    if (!page.hidden && (this.repeats || frame !== this.presented.at(-1))) this.present(frame)
  }
}

class Page extends EventTarget {
  /** ms until the screen is drawn */
  drawingMs = 0
  #hidden = false
  #element: VideoElement | null = null

  get hidden(): boolean {
    return this.#hidden
  }

  set hidden(hidden: boolean) {
    this.#hidden = hidden
    this.dispatchEvent(new Event('visibilitychange'))
  }

  createElement(): VideoElement {
    return this.#element!
  }

  /** Whoever makes an element gets this one. */
  gives(element: VideoElement): void {
    this.#element = element
  }
}

export const page = new Page()

/** A hidden page is not drawn. */
async function draw(callback: FrameRequestCallback): Promise<void> {
  await (page.drawingMs === 0 ? later() : passed(page.drawingMs))
  while (page.hidden) await new Promise((changed) => page.addEventListener('visibilitychange', changed, { once: true }))
  callback(0)
}

Object.assign(globalThis, { document: page, window: { isSecureContext: true }, requestAnimationFrame: draw })
