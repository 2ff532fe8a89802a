/** A still picture that the user chose. */

import { type FrameSource, FrameSourceError } from './frame_source.ts'

export class PictureFile implements FrameSource {
  readonly kind = 'picture'
  readonly element: HTMLImageElement
  readonly mirrored = false
  readonly period = null
  readonly time = 0

  /** Throws `FrameSourceError` if the browser cannot read it. */
  static async open(file: File): Promise<PictureFile> {
    const element = new Image()
    element.alt = file.name
    element.src = URL.createObjectURL(file)
    try {
      await element.decode()
    } catch {
      URL.revokeObjectURL(element.src)
      throw new FrameSourceError(`This browser cannot read the picture ${file.name}: save it as JPEG or PNG.`)
    }
    return new PictureFile(element)
  }

  private constructor(element: HTMLImageElement) {
    this.element = element
  }

  get width(): number {
    return this.element.naturalWidth
  }

  get height(): number {
    return this.element.naturalHeight
  }

  grab(): Promise<ImageBitmap> {
    return createImageBitmap(this.element)
  }

  stop(): void {
    URL.revokeObjectURL(this.element.src)
  }
}
