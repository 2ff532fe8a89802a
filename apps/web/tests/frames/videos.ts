/** A browser's video element, as far as sources use one, over frames whose times a test chooses. */

export class VideoElement extends EventTarget {
  paused = true
  seeking = false
  readyState = 0
  videoWidth = 2
  videoHeight = 1
  duration = 0
  srcObject: unknown = null
  preload = ''
  onloadeddata: (() => void) | null = null
  onerror: (() => void) | null = null
  onended: (() => void) | null = null
  /** What `play` waits for, and may fail with */
  starts: Promise<void> = Promise.resolve()
  #callbacks = new Map<number, VideoFrameRequestCallback>()
  #last = 0
  #starting: ((error: DOMException) => void)[] = []

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
    const callbacks = [...this.#callbacks.values()]
    this.#callbacks.clear()
    for (const callback of callbacks) callback(0, { mediaTime } as VideoFrameCallbackMetadata)
  }
}

/** Have whoever makes a video element get this one. */
export function asVideo(element: VideoElement): HTMLVideoElement {
  return element as unknown as HTMLVideoElement
}
