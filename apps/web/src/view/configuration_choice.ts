/** How the graphs are run: what this browser can, the default first, and why it is the default. */

import type { Configuration } from '../engine/messages.ts'
import { threadCounts } from '../runners/threads.ts'
import type { Opened, Workbench } from '../workbench.ts'
import { element } from './element.ts'
import { wayName } from './words.ts'

export class ConfigurationChoice {
  readonly element: HTMLElement
  readonly #workbench: Workbench
  readonly #choose: (configuration: Configuration) => void
  readonly #ways: HTMLSelectElement
  readonly #threads: HTMLSelectElement
  readonly #threadsField: HTMLElement
  readonly #reason = element('p', { class: 'muted' })

  /** `choose` is called with the configuration that a person wants, and no other until `update`. */
  constructor(workbench: Workbench, choose: (configuration: Configuration) => void) {
    this.#workbench = workbench
    this.#choose = choose
    this.#ways = element('select', {
      id: 'configuration',
      onchange: () => this.#chosen(workbench.opened!.summary.configurations[this.#ways.selectedIndex]!),
    })
    this.#threads = element('select', {
      id: 'threads',
      onchange: () => this.#chosen({ ...workbench.opened!.configuration, threads: Number(this.#threads.value) }),
    })
    this.#threadsField = element(
      'div', { class: 'field' }, element('label', { for: 'threads' }, 'Threads'), this.#threads,
    )
    this.element = element(
      'div', {},
      element('div', { class: 'field' }, element('label', { for: 'configuration' }, 'Run by'), this.#ways, this.#reason),
      this.#threadsField,
    )
    workbench.onChange(() => this.update())
    this.update()
  }

  #chosen(configuration: Configuration): void {
    for (const select of [this.#ways, this.#threads]) select.disabled = true
    this.#choose(configuration)
  }

  /** Show what is loaded, and no other that was chosen and could not be. */
  update(): void {
    const opened = this.#workbench.opened
    this.element.hidden = opened === null
    if (opened === null) return
    const { summary, configuration } = opened
    this.#ways.replaceChildren(
      ...summary.configurations.map((one, index) =>
        element('option', {}, wayName(one) + (index === 0 ? ' (default)' : '')),
      ),
    )
    this.#ways.selectedIndex = summary.configurations.findIndex((one) => wayName(one) === wayName(configuration))
    this.#threads.replaceChildren(
      ...threadCounts(summary.threads[configuration.runtime], configuration.threads).map((threads) =>
        element('option', { value: threads, selected: threads === configuration.threads }, String(threads)),
      ),
    )
    for (const select of [this.#ways, this.#threads]) select.disabled = false
    this.#threadsField.hidden = configuration.unit === 'gpu'
    this.#reason.textContent = reasonOf(opened)
  }
}

function reasonOf({ summary, configuration, chosen }: Opened): string {
  const [first] = summary.configurations
  if (wayName(configuration) === wayName(first!)) return summary.reason
  if (chosen) return `You chose this; the default is ${summary.reason}`
  return `${wayName(first!)}, which would be taken first, did not load here.`
}
