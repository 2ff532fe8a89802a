/** The device's camera. Its pictures go nowhere but into this page. */

import { FrameSourceError, type MovingSource, Playback, silentVideo } from './frame_source.ts'

/** As browsers call them: towards the user, or away */
export type Facing = 'user' | 'environment'

/** Enough for what models take; more would only cost time to shrink */
const WIDTH = 1280
const HEIGHT = 720

const REFUSALS: Readonly<Record<string, string>> = {
  NotAllowedError: 'The camera was refused: allow it for this page in the browser’s settings, or choose a file.',
  NotFoundError: 'This device has no camera: choose a file.',
  NotReadableError: 'Another program has the camera: close that one, or choose a file.',
}

export class Camera implements MovingSource {
  readonly kind = 'camera'
  readonly time = 0
  readonly element: HTMLVideoElement
  readonly facing: Facing
  readonly period: number | null
  readonly #stream: MediaStream
  readonly #playback: Playback

  /** Open the camera of one side, or whichever there is. Throws `FrameSourceError`. */
  static async open(facing: Facing): Promise<Camera> {
    if (!window.isSecureContext) {
      throw new FrameSourceError(
        'Browsers give a camera only to pages over HTTPS or from this machine: ' +
          'use vitexport serve app --https, or choose a file.',
      )
    }
    let stream: MediaStream | null = null
    try {
      const video = { facingMode: facing, width: { ideal: WIDTH }, height: { ideal: HEIGHT } }
      stream = await navigator.mediaDevices.getUserMedia({ video, audio: false })
      const element = silentVideo()
      element.srcObject = stream
      await element.play()
      return new Camera(element, stream)
    } catch (error) {
      for (const track of stream?.getTracks() ?? []) track.stop()
      if (!(error instanceof DOMException)) throw error
      throw new FrameSourceError(REFUSALS[error.name] ?? `The camera does not start: ${error.message}`)
    }
  }

  private constructor(element: HTMLVideoElement, stream: MediaStream) {
    this.element = element
    this.#stream = stream
    this.#playback = new Playback(element)
    const { facingMode, frameRate } = stream.getVideoTracks()[0]!.getSettings()
    // A camera that does not say where it looks is a webcam, which looks at the user.
    this.facing = facingMode === 'environment' ? 'environment' : 'user'
    this.period = frameRate ? 1000 / frameRate : null
  }

  /** Whether there is a camera on the other side, perhaps */
  static async several(): Promise<boolean> {
    const devices = await navigator.mediaDevices.enumerateDevices()
    return devices.filter(({ kind }) => kind === 'videoinput').length > 1
  }

  get width(): number {
    return this.element.videoWidth
  }

  get height(): number {
    return this.element.videoHeight
  }

  get mirrored(): boolean {
    return this.facing === 'user'
  }

  async play(shown: () => void, ended: () => void): Promise<void> {
    // It is taken away by pulling a plug, or in the browser's own controls.
    this.#stream.getVideoTracks()[0]!.onended = ended
    await this.#playback.play(shown)
  }

  pause(): void {
    this.#playback.pause()
  }

  grab(): Promise<ImageBitmap> {
    return createImageBitmap(this.element)
  }

  stop(): void {
    this.pause()
    for (const track of this.#stream.getTracks()) track.stop()
    this.element.srcObject = null
  }
}
