/** How the graphs are run: what this browser can, the default first, and why it is the default. */

import type { Workbench } from '../workbench.ts'
import { element } from './element.ts'
import { configurationName } from './words.ts'

export class ConfigurationChoice {
  readonly element: HTMLElement
  readonly #workbench: Workbench
  readonly #select: HTMLSelectElement
  readonly #reason = element('p', { class: 'muted' })

  /** `choose` is called with the place of the configuration in the bundle's list. */
  constructor(workbench: Workbench, choose: (place: number) => void) {
    this.#workbench = workbench
    this.#select = element('select', { id: 'configuration', onchange: () => choose(this.#select.selectedIndex) })
    this.element = element(
      'div', { class: 'field' }, element('label', { for: 'configuration' }, 'Run by'), this.#select, this.#reason,
    )
    workbench.onChange(() => this.update())
    this.update()
  }

  /** Show what is loaded, and no other that was chosen and could not be. */
  update(): void {
    const opened = this.#workbench.opened
    this.element.hidden = opened === null
    if (opened === null) return
    const { summary, configuration } = opened
    this.#select.replaceChildren(
      ...summary.configurations.map((one, place) =>
        element('option', {}, configurationName(one) + (place === 0 ? ' (default)' : '')),
      ),
    )
    const name = configurationName(configuration)
    this.#select.selectedIndex = summary.configurations.findIndex((one) => configurationName(one) === name)
    this.#reason.textContent = summary.reason
  }
}
