/** The frame of the app: which bundle is open, the banner, messages, and the screens behind their tabs. */

import type { Opened } from '../workbench.ts'
import { element, set } from './element.ts'
import { icon, type IconName } from './icons.ts'
import type { Notices } from './notices.ts'

/** What is behind a tab. */
export interface Screen {
  readonly name: string
  readonly icon: IconName
  readonly element: HTMLElement
  /** It comes into view. */
  shown?(): void
  /** It goes out of view: nothing goes on there that a person would want to see. */
  hidden?(): void
}

export class Shell {
  readonly #screens: readonly Screen[]
  readonly #tabs: readonly HTMLButtonElement[]
  readonly #title = element('p', { class: 'title' })
  readonly #untrained = element(
    'p', { class: 'untrained', role: 'alert', hidden: true },
    element('strong', {}, 'UNTRAINED'), 'The weights are random: masks mean nothing here, only times do.',
  )
  #current: Screen | null = null

  constructor(root: HTMLElement, screens: readonly Screen[], notices: Notices) {
    this.#screens = screens
    this.#tabs = screens.map((screen, place) =>
      element(
        'button',
        {
          role: 'tab', id: `tab-${place}`, 'aria-controls': `screen-${place}`,
          onclick: () => this.show(screen), onkeydown: (event: KeyboardEvent) => this.#key(event, place),
        },
        icon(screen.icon), element('span', {}, screen.name),
      ),
    )
    screens.forEach((screen, place) =>
      set(screen.element, { id: `screen-${place}`, role: 'tabpanel', 'aria-labelledby': `tab-${place}`, hidden: true }),
    )
    root.replaceChildren(
      element('header', {}, element('h1', {}, 'vitexport'), this.#title),
      element('nav', { role: 'tablist', 'aria-label': 'Screens' }, ...this.#tabs),
      this.#untrained,
      notices.element,
      element('main', {}, ...screens.map((screen) => screen.element)),
    )
  }

  /** Bring a screen into view. */
  show(screen: Screen): void {
    if (this.#current === screen) return
    this.#current?.hidden?.()
    this.#current = screen
    this.#screens.forEach((other, place) => {
      const current = other === screen
      other.element.hidden = !current
      set(this.#tabs[place]!, { 'aria-selected': String(current), tabindex: current ? 0 : -1 })
    })
    screen.shown?.()
  }

  /** Say what is open. */
  opened(opened: Opened | null): void {
    this.#title.textContent = opened?.name ?? ''
    this.#untrained.hidden = opened?.summary.trained ?? true
  }

  #key(event: KeyboardEvent, place: number): void {
    const steps: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }
    const step = steps[event.key]
    if (step === undefined) return
    event.preventDefault()
    const next = (place + step + this.#screens.length) % this.#screens.length
    this.show(this.#screens[next]!)
    this.#tabs[next]!.focus()
  }
}
