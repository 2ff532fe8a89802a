/** What is seen where there is no picture yet: what to do next, or what is being loaded. */

import type { Workbench } from '../workbench.ts'
import { element } from './element.ts'
import { icon } from './icons.ts'
import type { Opening } from './opening.ts'

/** Where pictures may come from */
interface Starts {
  camera(): void
  file(): void
}

const PRIVATE = 'Pictures stay on this device: no frame of them is sent anywhere.'

export class EmptyStage {
  readonly element = element('div', { class: 'empty', role: 'status' })
  readonly #workbench: Workbench
  readonly #opening: Opening
  readonly #starts: Starts

  constructor(workbench: Workbench, opening: Opening, starts: Starts) {
    this.#workbench = workbench
    this.#opening = opening
    this.#starts = starts
    workbench.onChange(() => this.#show(null))
    opening.onProgress((what) => this.#show(what))
    this.#show(null)
  }

  #show(busy: string | null): void {
    const idle = this.#workbench.opened === null ? this.#closed() : this.#ready()
    this.element.replaceChildren(...(busy === null ? idle : loading(busy)))
  }

  #closed(): HTMLElement[] {
    return [
      element('h2', {}, 'Open a bundle'),
      element('p', {}, 'That is a folder, or a zip of it, which vitexport made of a tracker. It is sent nowhere.'),
      this.#opening.buttons(),
    ]
  }

  #ready(): HTMLElement[] {
    return [
      element('h2', {}, 'What should be followed?'),
      element('p', {}, 'Show it to the camera, or choose a video or a picture, and then tap it.'),
      element(
        'div', { class: 'buttons' },
        element('button', { class: 'primary', onclick: () => this.#starts.camera() }, icon('camera'), 'Use the camera'),
        element('button', { onclick: () => this.#starts.file() }, icon('file'), 'Choose a file'),
      ),
      element('p', { class: 'private' }, PRIVATE),
    ]
  }
}

function loading(what: string): HTMLElement[] {
  return [element('div', { class: 'spinner' }), element('p', {}, `${what} …`)]
}

