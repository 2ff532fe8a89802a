/** The picture with what is drawn over it, and pointing at it. */

import type { FrameSource } from '../frames/frame_source.ts'
import type { Objects } from '../following/objects.ts'
import { element } from './element.ts'
import { Overlay } from './overlay.ts'
import { Placement } from './placement.ts'
import { Pointing, type PointingEvents } from './pointing.ts'

export class Stage {
  readonly element: HTMLElement
  readonly #objects: Objects
  readonly #overlay = new Overlay()
  readonly #pointing: Pointing
  readonly #still: () => number | null
  #source: FrameSource | null = null
  #size = 1
  #drawn = 0

  /** `empty` is seen while there is no picture; `still` tells the number of the frame that stands still. */
  constructor(
    objects: Objects,
    still: () => number | null,
    events: Omit<PointingEvents, 'changed'>,
    empty: HTMLElement,
  ) {
    this.#objects = objects
    this.#still = still
    this.#pointing = new Pointing(() => this.#placement(), { ...events, changed: () => this.draw() })
    this.element = element('div', { class: 'stage' }, empty, this.#overlay.canvas, this.#pointing.surface)
    this.show(null)
    new ResizeObserver(() => this.draw()).observe(this.element)
  }

  /** Of the model's image, px, which points are given in */
  set size(size: number) {
    this.#size = size
  }

  /** Show another source, or none. */
  show(source: FrameSource | null): void {
    this.#source?.element.remove()
    this.#source = source
    this.element.classList.toggle('without-picture', source === null)
    if (source !== null) {
      source.element.className = source.mirrored ? 'picture mirrored' : 'picture'
      this.element.prepend(source.element)
    }
    this.draw()
  }

  focus(): void {
    this.#pointing.surface.focus({ preventScroll: true })
  }

  /** Draw what lies over the picture, once, before the next time that the screen is shown. */
  draw(): void {
    if (this.#drawn !== 0) return
    this.#drawn = requestAnimationFrame(() => {
      this.#drawn = 0
      // Without a picture there is nothing to place anything on.
      const placement = this.#placement() ?? new Placement({ width: 1, height: 1 }, { width: 1, height: 1 }, false)
      const { box, crossHair } = this.#pointing
      const there = this.#source !== null
      const marks = { box: there ? box : null, crossHair: there ? crossHair : null, still: this.#still() }
      this.#overlay.draw(placement, there ? this.#objects.list : [], this.#size, marks)
    })
  }

  #placement(): Placement | null {
    const source = this.#source
    if (source === null || source.width === 0) return null
    const { clientWidth: width, clientHeight: height } = this.element
    return new Placement({ width, height }, source, source.mirrored)
  }
}
