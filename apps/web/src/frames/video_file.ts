/** A video that the user chose: played at its own speed, or stepped through so that no frame is left out. */

import { FrameSourceError, type MovingSource, Playback, silentVideo } from './frame_source.ts'

/** s; no frame of a video is shown for less, which is 120 frames a second */
const LEAST_GAP = 1 / 120

/** s into a frame, because times of files are rounded */
const WITHIN = 1e-3

/** ms that a browser may take to show the frame that it went to. One that is shown already it need not show again. */
const SHOWN_WITHIN = 300

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
    for (let to = this.#time + (this.#gap ?? LEAST_GAP); to < this.duration; to += LEAST_GAP) {
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
    return new Promise((arrived) => {
      const callback = video.requestVideoFrameCallback((_, { mediaTime }) => arrived(mediaTime))
      video.addEventListener(
        'seeked',
        () => setTimeout(() => {
          video.cancelVideoFrameCallback(callback)
          arrived(null)
        }, SHOWN_WITHIN),
        { once: true },
      )
      video.currentTime = Math.min(time, video.duration)
    })
  }

  #arrive(time: number): void {
    const gap = time - this.#time
    if (gap >= LEAST_GAP / 2) this.#gap = Math.min(gap, this.#gap ?? gap)
    this.#time = time
  }
}
