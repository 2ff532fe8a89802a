/** What the app has to say, one sentence each, beside the picture and not on it. */

import { element } from './element.ts'
import { icon } from './icons.ts'

/** More than these nobody reads: the oldest goes. */
const MOST = 2

export class Notices {
  readonly element = element('div', {
    class: 'notices', role: 'region', 'aria-label': 'Messages', tabindex: -1,
  })

  /** Something went wrong: what, and what to do. The same twice is said once. */
  fail(error: unknown): void {
    this.#add(error instanceof Error ? error.message : String(error), 'alert')
  }

  say(sentence: string): void {
    this.#add(sentence, 'status')
  }

  /** What went wrong is over; what the app had to say is still so. */
  clear(): void {
    for (const notice of this.element.querySelectorAll('.alert')) notice.remove()
  }

  #add(sentence: string, role: 'alert' | 'status'): void {
    const same = [...this.element.children].find((notice) => notice.textContent === sentence)
    same?.remove()
    const notice = element(
      'div', { class: `notice ${role}`, role },
      icon(role === 'alert' ? 'warning' : 'info'),
      element('p', {}, sentence),
      element('button', { class: 'quiet', 'aria-label': 'Dismiss', onclick: () => this.#dismiss(notice) }, icon('close')),
    )
    this.element.append(notice)
    while (this.element.children.length > MOST) this.element.firstElementChild?.remove()
  }

  /** The focus stays where the message was. */
  #dismiss(notice: HTMLElement): void {
    notice.remove()
    const next = this.element.querySelector('button') ?? this.element
    next.focus()
  }
}
