/** What is seen where there is no picture yet: what to do next, or what is being loaded. */

import type { Workbench } from '../workbench.ts'
import { element } from './element.ts'
import type { Opening } from './opening.ts'

const PRIVATE = 'Pictures stay on this device: no frame of them is sent anywhere.'

export class EmptyStage {
  readonly element = element('div', { class: 'empty', role: 'status' })
  readonly #workbench: Workbench
  readonly #opening: Opening

  constructor(workbench: Workbench, opening: Opening) {
    this.#workbench = workbench
    this.#opening = opening
    workbench.onChange(() => this.#show(null))
    opening.onProgress((what) => this.#show(what))
    this.#show(null)
  }

  #show(busy: string | null): void {
    this.element.replaceChildren(...(busy !== null ? loading(busy) : this.#workbench.opened ? ready() : this.#closed()))
  }

  #closed(): HTMLElement[] {
    return [
      element('h2', {}, 'Open a bundle'),
      element('p', {}, 'That is a folder, or a zip of it, which vitexport made of a tracker. It is read here and sent nowhere.'),
      this.#opening.buttons(),
    ]
  }
}

function loading(what: string): HTMLElement[] {
  return [element('div', { class: 'spinner' }), element('p', {}, `${what} …`)]
}

function ready(): HTMLElement[] {
  return [
    element('h2', {}, 'Tap what you want to follow'),
    element('p', {}, 'Start the camera, or choose a video or a picture. A tap is a point on an object; drag to draw a box around it.'),
    element('p', { class: 'private' }, PRIVATE),
  ]
}
