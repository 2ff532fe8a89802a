/** The objects in a row: which is which colour, how each fares, and buttons that select and delete. */

import type { FollowedObject, Objects } from '../following/objects.ts'
import { colour } from './colours.ts'
import { element, set } from './element.ts'
import { icon } from './icons.ts'

const STATES: Readonly<Record<FollowedObject['status'], string>> = {
  waiting: 'waiting',
  prompted: 'found',
  tracking: 'tracking',
  lost: 'lost',
}

interface Chip {
  readonly element: HTMLElement
  readonly select: HTMLButtonElement
  readonly state: HTMLElement
}

export class ObjectChips {
  readonly element = element('div', { class: 'chips', role: 'group', 'aria-label': 'Objects', tabindex: -1 })
  /** For ears: which objects were lost and found. */
  readonly news = element('p', { class: 'unseen', role: 'status' })
  readonly #objects: Objects
  readonly #deleted: (id: number) => void
  readonly #chips = new Map<number, Chip>()
  readonly #states = new Map<number, string>()
  readonly #another: HTMLButtonElement
  readonly #hint = element('p', { class: 'hint' })

  constructor(objects: Objects, deleted: (id: number) => void) {
    this.#objects = objects
    this.#deleted = deleted
    this.#another = element(
      'button',
      {
        class: 'chip another', 'aria-label': 'New object', title: 'The next point is on a new object',
        onclick: () => objects.select(null),
      },
      icon('add'), 'New',
    )
    this.element.append(this.#hint, this.#another)
  }

  /** What to do while there is no object */
  set hint(sentence: string) {
    this.#hint.textContent = sentence
  }

  /** Show the objects as they are now. Elements stay, so that focus does. */
  update(): void {
    const { list, selected } = this.#objects
    for (const [id, chip] of this.#chips) {
      if (list.some((object) => object.id === id)) continue
      const focused = chip.element.contains(document.activeElement)
      chip.element.remove()
      this.#chips.delete(id)
      this.#states.delete(id)
      if (focused) this.#focusBeside(id)
    }
    for (const { id, status } of list) {
      const chip = this.#chips.get(id) ?? this.#made(id)
      set(chip.select, { 'aria-pressed': String(id === selected) })
      chip.element.classList.toggle('lost', status === 'lost')
      this.#tell(id, chip, STATES[status])
    }
    this.#hint.hidden = list.length > 0
    this.#another.hidden = list.length === 0
    set(this.#another, { 'aria-pressed': String(selected === null) })
  }

  /** Whoever goes through the page by keys goes on where the object was. */
  #focusBeside(id: number): void {
    const { list } = this.#objects
    const beside = list.find((other) => other.id > id) ?? list.at(-1)
    const target = beside === undefined ? this.element : this.#chips.get(beside.id)?.select
    target?.focus()
  }

  #tell(id: number, chip: Chip, state: string): void {
    const before = this.#states.get(id)
    if (before === state) return
    this.#states.set(id, state)
    chip.state.textContent = state
    const lost = STATES.lost
    if (state === lost || before === lost) this.news.textContent = `Object ${id}: ${state}`
  }

  #made(id: number): Chip {
    const { code, name } = colour(id)
    const swatch = element('span', { class: 'number' }, String(id))
    swatch.style.borderColor = code
    const state = element('span', { class: 'state' })
    const title = `Object ${id}, ${name}`
    const select = element('button', { title, onclick: () => this.#objects.select(id) }, swatch, state)
    const remove = element(
      'button', { 'aria-label': `Delete object ${id}`, onclick: () => this.#deleted(id) }, icon('close'),
    )
    const chip = { element: element('div', { class: 'chip object' }, select, remove), select, state }
    this.#chips.set(id, chip)
    this.element.append(chip.element)
    return chip
  }
}
