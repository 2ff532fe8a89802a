/** The objects that the user follows: what was pointed at, which one is selected, and what became of each. */

import type { ObjectStatus, PromptRequest, SeenObject, Tracked } from '../engine/messages.ts'
import { POINTS, type Label, type PromptPoint } from '../tracker/prompt.ts'

/** Each costs a run of a graph a frame, and there are as many colours that colour-blind people tell apart. */
export const MOST_OBJECTS = 7

export interface FollowedObject {
  /** 1 to `MOST_OBJECTS`: its colour, and its number in saved masks */
  readonly id: number
  /** `waiting` until a frame was followed with its prompt, or after a person went elsewhere in a video */
  readonly status: ObjectStatus | 'waiting'
  /** Where it was pointed at, in pixels of the model's image */
  readonly points: readonly PromptPoint[]
  /** The still frame that the points are in; null where the picture moved on */
  readonly still: number | null
  readonly seen: SeenObject | null
}

/** A prompt that cannot be, in one sentence. */
export class PromptError extends Error {
  override readonly name = 'PromptError'
}

export class Objects {
  #list: readonly FollowedObject[] = []
  #selected: number | null = null
  readonly #asked = new Set<number>()
  readonly #changed: () => void

  constructor(changed: () => void) {
    this.#changed = changed
  }

  get list(): readonly FollowedObject[] {
    return this.#list
  }

  /** The object that the next point is for; null where that is a new one */
  get selected(): number | null {
    return this.#selected
  }

  /** Whether there are prompts that no frame was followed with yet */
  get asked(): boolean {
    return this.#asked.size > 0
  }

  /**
   * Point at the selected object, or at a new one. All points in the same still frame count together, because graphs
   * take the whole prompt at once; in a later frame the object has moved, and starts anew. `still` is null while the
   * picture moves. Throws `PromptError`.
   */
  point(x: number, y: number, label: Label & (0 | 1), still: number | null): void {
    const object = this.#find(this.#selected)
    const together = object !== undefined && still !== null && object.still === still
    if (label === 0 && !together) {
      throw new PromptError(
        still === null
          ? 'Pause first: what does not belong to an object is told by its other points in the same frame.'
          : 'Point at the object first, and then at what does not belong to it.',
      )
    }
    const earlier = together ? object.points : []
    if (earlier.length === POINTS) {
      throw new PromptError(`An object takes ${POINTS} points, a box counting as two: delete it, and point anew.`)
    }
    this.#ask([...earlier, { x, y, label }], still)
  }

  /** Draw a box around the selected object, or a new one, which starts anew with it. Throws `PromptError`. */
  box(left: number, top: number, right: number, bottom: number, still: number | null): void {
    this.#ask([{ x: left, y: top, label: 2 }, { x: right, y: bottom, label: 3 }], still)
  }

  select(id: number | null): void {
    this.#selected = id
    this.#changed()
  }

  delete(id: number): void {
    this.#list = this.#list.filter((object) => object.id !== id)
    this.#asked.delete(id)
    if (this.#selected === id) this.#selected = null
    this.#changed()
  }

  clear(): void {
    this.#list = []
    this.#asked.clear()
    this.#selected = null
    this.#changed()
  }

  /** The prompts that the next frame is followed with */
  take(): PromptRequest[] {
    const prompts = this.#list.filter(({ id }) => this.#asked.has(id)).map(({ id, points }) => ({ object: id, points }))
    this.#asked.clear()
    return prompts
  }

  /** No frame was followed with these after all: the next one is, with what is asked of their objects by then. */
  giveBack(prompts: readonly PromptRequest[]): void {
    for (const { object } of prompts) if (this.#find(object) !== undefined) this.#asked.add(object)
  }

  /** The picture is another now, in which nobody knows yet where the objects are. */
  elsewhere(): void {
    this.#list = this.#list.map((object) => ({ ...object, seen: null, status: 'waiting' }))
    this.#changed()
  }

  /** What became of the objects in a frame. One that was deleted meanwhile stays so. */
  see(tracked: Tracked): void {
    const seen = new Map(tracked.objects.map((object) => [object.id, object]))
    this.#list = this.#list.map((object) => {
      const now = seen.get(object.id)
      return now === undefined ? object : { ...object, seen: now, status: now.status }
    })
    this.#changed()
  }

  #ask(points: readonly PromptPoint[], still: number | null): void {
    const id = this.#selected ?? this.#free()
    const object: FollowedObject = { id, status: 'waiting', points, still, seen: this.#find(id)?.seen ?? null }
    this.#list = [...this.#list.filter((other) => other.id !== id), object].sort((a, b) => a.id - b.id)
    this.#asked.add(id)
    this.#selected = id
    this.#changed()
  }

  #find(id: number | null): FollowedObject | undefined {
    return this.#list.find((object) => object.id === id)
  }

  #free(): number {
    for (let id = 1; id <= MOST_OBJECTS; id += 1) if (this.#find(id) === undefined) return id
    throw new PromptError(`${MOST_OBJECTS} objects can be followed at once: delete one first.`)
  }
}
