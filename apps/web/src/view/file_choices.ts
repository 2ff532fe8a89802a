/** For files only: where in a video one is, whether every frame counts or live speed does, and saving the masks. */

import type { FrameSource } from '../frames/frame_source.ts'
import { VideoFile } from '../frames/video_file.ts'
import { element, set } from './element.ts'
import { icon } from './icons.ts'
import { clock } from './words.ts'

interface FileEvents {
  /** To a time in the video, s */
  goTo(time: number): void
  save(): Promise<void>
}

export class FileChoices {
  readonly element: HTMLElement
  readonly #place: HTMLInputElement
  readonly #time = element('output', { class: 'time' })
  readonly #video: HTMLElement
  readonly #modes: readonly HTMLButtonElement[]
  readonly #segments: HTMLElement
  readonly #save: HTMLButtonElement
  #source: FrameSource | null = null
  #everyFrame = true

  constructor({ goTo, save }: FileEvents) {
    this.#place = element('input', {
      type: 'range', min: 0, step: 'any', 'aria-label': 'Place in the video',
      onchange: () => goTo(this.#place.valueAsNumber),
    })
    this.#video = element('div', { class: 'place' }, this.#place, this.#time)
    const mode = (everyFrame: boolean, title: string, name: string): HTMLButtonElement =>
      element('button', { title, onclick: () => this.#choose(everyFrame) }, name)
    this.#modes = [
      mode(true, 'None is left out, however long each takes', 'Every frame'),
      mode(false, 'Frames are dropped where the device is too slow', 'Live speed'),
    ]
    this.#segments = element(
      'div', { class: 'segments', role: 'group', 'aria-label': 'Which frames are followed' }, ...this.#modes,
    )
    this.#save = element(
      'button', { title: 'A zip of PNG files, one a frame', onclick: () => void this.#saveOnce(save) },
      icon('save'), 'Save masks',
    )
    const row = element('div', { class: 'row' }, this.#segments, this.#save)
    this.element = element('div', { class: 'file-choices', hidden: true }, this.#video, row)
  }

  /** Whether to step through all frames, rather than to play */
  get everyFrame(): boolean {
    return this.#everyFrame
  }

  set source(source: FrameSource | null) {
    this.#source = source
    this.element.hidden = source === null || source.kind === 'camera'
    const video = source instanceof VideoFile
    this.#video.hidden = !video
    this.#segments.hidden = !video
    if (video) set(this.#place, { max: source.duration })
  }

  /** `saved` is of how many frames there are masks. */
  update(running: boolean, saved: number): void {
    for (const one of this.#modes) set(one, { disabled: running })
    set(this.#save, { disabled: running || saved === 0 })
    this.#press()
    if (!(this.#source instanceof VideoFile)) return
    // What a person drags stays under the finger.
    if (!this.#place.matches(':active')) this.#place.value = String(this.#source.time)
    this.#time.textContent = `${clock(this.#source.time)} / ${clock(this.#source.duration)}`
  }

  /** Once at a time: many frames take a while. */
  async #saveOnce(save: () => Promise<void>): Promise<void> {
    if (this.#save.ariaBusy === 'true') return
    this.#save.ariaBusy = 'true'
    await save()
    this.#save.ariaBusy = 'false'
  }

  #choose(everyFrame: boolean): void {
    this.#everyFrame = everyFrame
    this.#press()
  }

  #press(): void {
    this.#modes.forEach((one, place) => set(one, { 'aria-pressed': String((place === 0) === this.#everyFrame) }))
  }
}
