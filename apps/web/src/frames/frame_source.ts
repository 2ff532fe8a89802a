/**
 * What pictures come from, and what shows them. Browsers turn a phone's video upright themselves, on the screen and in
 * every bitmap made of it: nothing here rotates, and `width` and `height` are those of the upright picture.
 */

/** A camera, a video file or a still picture. */
export interface FrameSource {
  readonly kind: 'camera' | 'video' | 'picture'
  /** Shows the picture; whoever puts it onto the page takes it away again */
  readonly element: HTMLVideoElement | HTMLImageElement
  /** px */
  readonly width: number
  readonly height: number
  /** Whether people expect to see it as in a mirror. Its bitmaps are not. */
  readonly mirrored: boolean
  /** ms from one frame to the next; null where there is no next one, or nobody knows yet */
  readonly period: number | null
  /** s into a file, when the frame that is shown begins; 0 where there is no file with times */
  readonly time: number
  /** The picture that is shown now */
  grab(): Promise<ImageBitmap>
  /** Free camera and memory; the source is of no use then. */
  stop(): void
}

/** A source that goes on by itself. */
export interface MovingSource extends FrameSource {
  readonly element: HTMLVideoElement
  /** Go on, calling `shown` for each frame; at the end of a file it stops, and calls `ended`. */
  play(shown: () => void, ended: () => void): Promise<void>
  /** Stand still at the frame that is shown. */
  pause(): void
}

/** A camera or file that gives no pictures, in one sentence. */
export class FrameSourceError extends Error {
  override readonly name = 'FrameSourceError'
}

/** A video element for pictures only: without sound, and within the page on phones */
export function silentVideo(): HTMLVideoElement {
  const video = document.createElement('video')
  video.muted = true
  video.playsInline = true
  video.disablePictureInPicture = true
  return video
}

/** Plays a video, and tells of each frame that the browser presents until it is paused. */
export class Playback {
  readonly #video: HTMLVideoElement
  #callback = 0

  constructor(video: HTMLVideoElement) {
    this.#video = video
  }

  /** Go on, calling `shown` with the time of each frame, s. Resolves when it goes on, or was paused before it did. */
  async play(shown: (mediaTime: number) => void): Promise<void> {
    const video = this.#video
    try {
      await video.play()
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') return // so says a browser of such a pause
      throw error
    }
    if (video.paused) return
    const next = (_: number, { mediaTime }: VideoFrameCallbackMetadata): void => {
      this.#callback = video.requestVideoFrameCallback(next)
      shown(mediaTime)
    }
    this.#callback = video.requestVideoFrameCallback(next)
  }

  pause(): void {
    this.#video.pause()
    // Otherwise it would come after the next start, beside that one's own.
    this.#video.cancelVideoFrameCallback(this.#callback)
  }
}
