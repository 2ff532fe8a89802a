/** Turns fingers, mouse and keys on the picture into points and boxes. */

import { element } from './element.ts'
import type { Place, Placement } from './placement.ts'

export interface PointingEvents {
  /** Places are 0 to 1 across the picture. */
  point(at: Place): void
  box(upperLeft: Place, lowerRight: Place): void
  /** What is drawn while pointing changed. */
  changed(): void
}

/** px that a finger may slip while it taps */
const SLIP = 8

/** Of the picture, a press of an arrow key, and with Shift */
const STEP = 0.01
const LEAP = 0.1

const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
}

const HELP =
  'Arrow keys move the cross-hair, with Shift further. Enter points at what is there. B sets a corner of a box, twice.'

export class Pointing {
  readonly surface: HTMLElement
  readonly #placement: () => Placement | null
  readonly #events: PointingEvents
  #pressed: Place | null = null
  #dragged: Place | null = null
  #crossHair: Place = { x: 0.5, y: 0.5 }
  #corner: Place | null = null
  #byKeys = false

  constructor(placement: () => Placement | null, events: PointingEvents) {
    this.#placement = placement
    this.#events = events
    const help = element('span', { id: 'picture-help', class: 'unseen' }, HELP)
    this.surface = element(
      'div',
      {
        class: 'surface', tabindex: 0, role: 'application', 'aria-label': 'Picture', 'aria-describedby': help.id,
        onpointerdown: (event: PointerEvent) => this.#press(event),
        onpointermove: (event: PointerEvent) => this.#move(event),
        onpointerup: (event: PointerEvent) => this.#release(event),
        onpointercancel: (event: PointerEvent) => { if (event.isPrimary) this.#end() },
        onkeydown: (event: KeyboardEvent) => this.#key(event),
        onfocus: () => this.#keys(this.surface.matches(':focus-visible')),
        onblur: () => this.#keys(false),
      },
      help,
    )
  }

  get crossHair(): Place | null {
    return this.#byKeys ? this.#crossHair : null
  }

  /** The box that is being drawn */
  get box(): readonly [Place, Place] | null {
    if (this.#pressed !== null && this.#dragged !== null) return [this.#pressed, this.#dragged]
    return this.#corner !== null ? [this.#corner, this.#crossHair] : null
  }

  #press(event: PointerEvent): void {
    // A second finger: whoever uses two means neither a point nor a box.
    if (!event.isPrimary) return this.#end()
    const placement = this.#placement()
    const at = this.#at(event)
    if (placement === null || event.button !== 0 || !placement.holds(at)) return
    this.surface.setPointerCapture(event.pointerId)
    this.#pressed = placement.toPicture(at)
    this.#keys(false)
  }

  #move(event: PointerEvent): void {
    const placement = this.#placement()
    if (this.#pressed === null || placement === null || !event.isPrimary) return
    const at = this.#at(event)
    const from = placement.toBox(this.#pressed)
    if (this.#dragged === null && Math.hypot(at.x - from.x, at.y - from.y) < SLIP) return
    this.#dragged = placement.toPicture(at)
    this.#events.changed()
  }

  #release(event: PointerEvent): void {
    if (!event.isPrimary) return
    this.#move(event)
    const [pressed, dragged] = [this.#pressed, this.#dragged]
    this.#end()
    if (pressed === null) return
    if (dragged === null) this.#events.point(pressed)
    else this.#box(pressed, dragged)
  }

  #end(): void {
    this.#pressed = null
    this.#dragged = null
    this.#corner = null
    this.#events.changed()
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || this.#placement() === null) return
    const arrow = ARROWS[event.key]
    if (arrow !== undefined) this.#step(arrow, event.shiftKey ? LEAP : STEP)
    else if (event.repeat) return // a key that is held down counts once
    else if (event.key === 'Enter') this.#events.point(this.#crossHair)
    else if (event.key.toLowerCase() === 'b') this.#setCorner()
    else if (event.key === 'Escape' && this.#corner !== null) this.#corner = null
    else return
    event.preventDefault()
    this.#keys(true)
  }

  #step([across, down]: readonly [number, number], length: number): void {
    const within = (value: number): number => Math.min(Math.max(value, 0), 1)
    // To the right on the screen, whichever way the picture is shown.
    const right = this.#placement()?.mirrored ? -across : across
    this.#crossHair = { x: within(this.#crossHair.x + right * length), y: within(this.#crossHair.y + down * length) }
  }

  #setCorner(): void {
    const corner = this.#corner
    this.#corner = corner === null ? this.#crossHair : null
    if (corner !== null) this.#box(corner, this.#crossHair)
  }

  #box(one: Place, other: Place): void {
    this.#events.box(
      { x: Math.min(one.x, other.x), y: Math.min(one.y, other.y) },
      { x: Math.max(one.x, other.x), y: Math.max(one.y, other.y) },
    )
  }

  #keys(used: boolean): void {
    this.#byKeys = used
    this.#events.changed()
  }

  #at(event: PointerEvent): Place {
    const { left, top } = this.surface.getBoundingClientRect()
    return { x: event.clientX - left, y: event.clientY - top }
  }
}
