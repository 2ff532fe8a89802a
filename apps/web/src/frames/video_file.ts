/** A video that the user chose: played at its own speed, or stepped through so that no frame is left out. */

import { FrameSourceError, type MovingSource, Playback, silentVideo } from './frame_source.ts'

/** s; no frame of a video is shown for less: phones film in slow motion at 240 frames a second. */
const LEAST_GAP = 1 / 240

/** s; one that begins with a picture that stands still may go on at 30 frames a second. */
const LONGEST_STEP = 1 / 30

/** s into a frame, because times of files are rounded */
const WITHIN = 1e-3

/**
 * How often the screen may be drawn until the frame that a browser went to is on it. One that was there before need not
 * be drawn again. Counted in drawings, because these are as late as the frame where the device is busy.
 */
const DRAWN_WITHIN = 20

export class VideoFile implements MovingSource {
  readonly kind = 'video'
  readonly element: HTMLVideoElement
  readonly mirrored = false
  readonly name: string
  readonly #playback: Playback
  /** s, the least from one frame to the next so far; null before two were seen */
  #gap: number | null = null
  /** s, of the frame that is shown */
  #time = 0
  #ended = false

  /** Open a file at its first frame. Throws `FrameSourceError` if the browser cannot play it. */
  static async open(file: File): Promise<VideoFile> {
    const element = silentVideo()
    element.preload = 'auto'
    element.src = URL.createObjectURL(file)
    await new Promise<void>((opened, failed) => {
      element.onloadeddata = () => opened()
      element.onerror = () => {
        URL.revokeObjectURL(element.src)
        failed(new FrameSourceError(`This browser cannot play ${file.name}: save it as MP4 (H.264) or WebM.`))
      }
    })
    const video = new VideoFile(element, file.name)
    // What a browser recorded does not say how long it is, until somebody goes to its end.
    if (video.duration === Infinity) await video.seek(Number.MAX_SAFE_INTEGER)
    if (video.duration === Infinity) {
      video.stop()
      throw new FrameSourceError(`This browser cannot tell how long ${file.name} is: save it as MP4 (H.264).`)
    }
    await video.seek(0)
    return video
  }

  private constructor(element: HTMLVideoElement, name: string) {
    this.element = element
    this.name = name
    this.#playback = new Playback(element)
  }

  get width(): number {
    return this.element.videoWidth
  }

  get height(): number {
    return this.element.videoHeight
  }

  get period(): number | null {
    return this.#gap === null ? null : 1000 * this.#gap
  }

  /** s, when the frame that is shown begins */
  get time(): number {
    return this.#time
  }

  /** Whether there is no next frame */
  get ended(): boolean {
    return this.#ended || this.element.ended
  }

  /** s */
  get duration(): number {
    return this.element.duration
  }

  async play(shown: () => void, ended: () => void): Promise<void> {
    this.element.onended = ended
    await this.#playback.play((mediaTime) => {
      this.#arrive(mediaTime)
      shown()
    })
  }

  pause(): void {
    this.#playback.pause()
  }

  /** Go to the next frame. False at the end of the file. */
  async next(): Promise<boolean> {
    // Frames of one file come at uneven times. A step as long as the least gap passes no frame; if it ends within the
    // one that is shown already, this one is shown for longer, and the next is looked for further on.
    const step = Math.min(this.#gap ?? LEAST_GAP, LONGEST_STEP)
    for (let to = this.#time + step; to < this.duration; to += step) {
      const time = await this.#show(to + WITHIN)
      if (time !== null && time > this.#time) {
        this.#arrive(time)
        return true
      }
    }
    this.#ended = true
    return false
  }

  /** Go to the frame at a time, in s. */
  async seek(time: number): Promise<void> {
    this.#ended = false
    this.#time = (await this.#show(time)) ?? this.#time
  }

  grab(): Promise<ImageBitmap> {
    return createImageBitmap(this.element)
  }

  stop(): void {
    this.pause()
    const url = this.element.src
    this.element.removeAttribute('src')
    this.element.load()
    URL.revokeObjectURL(url)
  }

  /** The time of the frame that is shown after going to another time; null where it is the one shown before. */
  async #show(time: number): Promise<number | null> {
    const video = this.element
    await visible()
    let shown: number | null = null
    const callback = video.requestVideoFrameCallback((_, { mediaTime }) => { shown = mediaTime })
    const there = new Promise((seeked) => video.addEventListener('seeked', seeked, { once: true }))
    video.currentTime = Math.min(time, video.duration)
    // Its time may be told earlier than that, but not every browser gives the picture then.
    await there
    const { hidden } = document
    for (let drawn = 0; shown === null && drawn < DRAWN_WITHIN; drawn += 1) await new Promise(requestAnimationFrame)
    video.cancelVideoFrameCallback(callback)
    return shown === null && hidden ? this.#show(time) : shown
  }

  #arrive(time: number): void {
    const gap = time - this.#time
    if (gap >= LEAST_GAP / 2) this.#gap = Math.min(gap, this.#gap ?? gap)
    this.#time = time
  }
}

/** Resolves when somebody can see the page: in one that is hidden, no frame is told of. */
async function visible(): Promise<void> {
  while (document.hidden) {
    await new Promise((changed) => document.addEventListener('visibilitychange', changed, { once: true }))
  }
}
