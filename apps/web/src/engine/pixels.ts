/** Resizes frames to the square that graphs take, in memory that is taken once. */

import { toPlanes } from '../tracker/image.ts'

export class FramePixels {
  readonly #context: OffscreenCanvasRenderingContext2D
  readonly #planes: Float32Array

  constructor(side: number) {
    // Read in every frame, so it is kept where the CPU reads it; camera and video frames are opaque.
    const context = new OffscreenCanvas(side, side).getContext('2d', { alpha: false, willReadFrequently: true })
    if (context === null) throw new Error('the browser gives no canvas to a worker')
    context.imageSmoothingQuality = 'high'
    this.#context = context
    this.#planes = new Float32Array(3 * side * side)
  }

  /** RGB 0–255 [1, 3, side, side] of a frame of any size, whose aspect is not kept; written over by the next. */
  planesOf(frame: ImageBitmap): Float32Array {
    const { width, height } = this.#context.canvas
    this.#context.drawImage(frame, 0, 0, width, height)
    toPlanes(this.#context.getImageData(0, 0, width, height).data, 4, this.#planes)
    return this.#planes
  }
}
