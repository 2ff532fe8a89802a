/** How fast it goes: four figures that are always seen, and, when asked for, what each frame's time goes to. */

import type { Stats } from '../following/stats.ts'
import { element } from './element.ts'
import { Timeline } from './timeline.ts'
import { ms } from './words.ts'

/** ms; more often nobody reads figures */
const REFRESH = 250

export class LiveFigures {
  readonly element: HTMLElement
  readonly #stats: Stats
  readonly #period: () => number | null
  readonly #timeline = new Timeline()
  readonly #figures = {
    fps: element('dd', {}, '–'),
    frame: element('dd', {}, '–'),
    age: element('dd', {}, '–'),
    dropped: element('dd', {}, '–'),
  }
  readonly #details: HTMLDetailsElement
  #timer = 0

  /** `period` tells the source's time from frame to frame, ms. */
  constructor(stats: Stats, period: () => number | null) {
    this.#stats = stats
    this.#period = period
    const { fps, frame, age, dropped } = this.#figures
    const figure = (name: string, title: string, value: HTMLElement): HTMLElement =>
      element('div', { title }, element('dt', {}, name), value)
    const figures = element(
      'dl', { class: 'strip' },
      figure('frames/s', 'Frames that were followed, a second', fps),
      figure('ms a frame', 'What it takes to find the masks in a picture, in the median', frame),
      figure('mask age, ms', 'How old the picture was that the masks were found in, when they were shown', age),
      figure('dropped', 'Frames that gave way to newer ones', dropped),
    )
    this.#details = element(
      'details', { class: 'figures-details', ontoggle: () => this.#show() },
      element('summary', { 'aria-label': 'What the device is doing' }, figures), this.#timeline.element,
    )
    this.element = this.#details
  }

  /** The figures changed, and are shown soon. */
  update(): void {
    if (this.#timer === 0) this.#timer = window.setTimeout(() => this.#show(), REFRESH)
  }

  #show(): void {
    clearTimeout(this.#timer)
    this.#timer = 0
    const summary = this.#stats.summary()
    const last = this.#stats.frames.at(-1)
    this.#figures.fps.textContent = summary.fps?.toFixed(1) ?? '–'
    this.#figures.frame.textContent = summary.frame ? ms(summary.frame.p50) : '–'
    this.#figures.age.textContent = last ? ms(last.shown - last.taken) : '–'
    this.#figures.dropped.textContent = summary.followed > 0 ? String(summary.dropped) : '–'
    if (this.#details.open) this.#timeline.draw(this.#stats.frames, summary, this.#period())
  }
}
