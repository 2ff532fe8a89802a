/**
 * Between a camera that does not wait and a model that takes its time: one frame is in flight, the newest waits, and
 * older ones are dropped. So what is shown is as fresh as the model allows, and memory does not grow.
 */

/** A picture that holds memory until it is closed, such as an `ImageBitmap` */
export interface Closable {
  close(): void
}

export class LatestFrameGate<Frame extends Closable> {
  readonly #work: (frame: Frame) => Promise<void>
  readonly #failed: (error: unknown) => void
  #waiting: Frame | null = null
  #running: Promise<void> | null = null
  #dropped = 0

  /** `work` has one frame at a time. What it throws goes to `failed`, and the next frame has its turn. */
  constructor(work: (frame: Frame) => Promise<void>, failed: (error: unknown) => void) {
    this.#work = work
    this.#failed = failed
  }

  /** How many frames gave way to newer ones */
  get dropped(): number {
    return this.#dropped
  }

  /** Take a frame, which is closed here once it was worked on or dropped. */
  offer(frame: Frame): void {
    if (this.#waiting !== null) {
      this.#waiting.close()
      this.#dropped += 1
    }
    this.#waiting = frame
    this.#running ??= this.#run()
  }

  /** Give up the frame that waits; the one in flight ends. */
  clear(): void {
    this.#waiting?.close()
    this.#waiting = null
  }

  /** Resolves when no frame is in flight and none waits. */
  async drained(): Promise<void> {
    while (this.#running !== null) await this.#running
  }

  async #run(): Promise<void> {
    while (this.#waiting !== null) {
      const frame = this.#waiting
      this.#waiting = null
      try {
        await this.#work(frame)
      } catch (error) {
        this.#failed(error)
      } finally {
        frame.close()
      }
    }
    this.#running = null
  }
}
