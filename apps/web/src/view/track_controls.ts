/** The buttons below the picture. Which are there depends on where pictures come from. */

import { element, set } from './element.ts'
import { icon, type IconName } from './icons.ts'

/** Whether the next point is on the object or beside it */
export type PointMode = 'add' | 'remove'

interface ControlEvents {
  camera(): void
  flip(): void
  file(file: File): void
  playOrPause(): void
  toStart(): void
  mode(mode: PointMode): void
  clear(): void
}

interface ControlState {
  readonly source: 'camera' | 'video' | 'picture' | null
  readonly running: boolean
  readonly mode: PointMode
  readonly severalCameras: boolean
  readonly objects: number
}

export class TrackControls {
  readonly element: HTMLElement
  readonly #input: HTMLInputElement
  readonly #camera: HTMLButtonElement
  readonly #flip: HTMLButtonElement
  readonly #file: HTMLButtonElement
  readonly #play: HTMLButtonElement
  readonly #toStart: HTMLButtonElement
  readonly #modes: Readonly<Record<PointMode, HTMLButtonElement>>
  readonly #clear: HTMLButtonElement
  #running: boolean | null = null

  constructor(events: ControlEvents) {
    const input = element('input', {
      type: 'file', accept: 'video/*,image/*', hidden: true, id: 'media',
      onchange: () => {
        const file = input.files?.[0]
        input.value = ''
        if (file) events.file(file)
      },
    })
    this.#input = input
    this.#camera = button('camera', 'Camera', () => events.camera())
    this.#flip = button('flip', 'Flip', () => events.flip(), 'Use the camera of the other side')
    this.#file = button('file', 'File', () => this.chooseFile(), 'Choose a video or a picture')
    this.#toStart = button('first', 'Start', () => events.toStart(), 'Back to the first frame')
    this.#play = element('button', { class: 'play', onclick: () => events.playOrPause() })
    this.#modes = {
      add: button('add', 'Add', () => events.mode('add'), 'Point at what belongs to the object'),
      remove: button('remove', 'Remove', () => events.mode('remove'), 'Point at what does not belong to the object'),
    }
    this.#clear = button('clear', 'Clear', () => events.clear(), 'Forget all objects')
    this.element = element(
      'div', { class: 'controls', role: 'toolbar', 'aria-label': 'Tracking' },
      input,
      element('div', { class: 'side' }, this.#camera, this.#file, this.#flip, this.#toStart),
      this.#play,
      element(
        'div', { class: 'side' },
        element(
          'div', { class: 'modes', role: 'group', 'aria-label': 'The next point' },
          this.#modes.add, this.#modes.remove,
        ),
        this.#clear,
      ),
    )
  }

  /** Let the user choose a file, in answer to a click. */
  chooseFile(): void {
    this.#input.click()
  }

  update({ source, running, mode, severalCameras, objects }: ControlState): void {
    this.#camera.hidden = source === 'camera'
    this.#flip.hidden = source !== 'camera' || !severalCameras
    this.#toStart.hidden = source !== 'video'
    set(this.#play, { disabled: source === null || source === 'picture' })
    if (this.#running !== running) {
      this.#running = running
      this.#play.replaceChildren(icon(running ? 'pause' : 'play'))
      set(this.#play, { 'aria-label': running ? 'Pause' : 'Play' })
    }
    for (const [name, one] of Object.entries(this.#modes)) set(one, { 'aria-pressed': String(name === mode) })
    set(this.#clear, { disabled: objects === 0 })
  }
}

function button(name: IconName, text: string, onclick: () => void, title = text): HTMLButtonElement {
  return element('button', { class: 'tool', title, onclick }, icon(name), element('span', {}, text))
}
