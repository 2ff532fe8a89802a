/** What is done with a result: it is saved as a file, or sent to a latency service if the user says so and where. */

import type { DeviceFacts } from '../benchmark/device.ts'
import type { Report } from '../benchmark/report.ts'
import { post } from '../benchmark/sharing.ts'
import { element, set } from './element.ts'
import { icon } from './icons.ts'
import type { Notices } from './notices.ts'
import { save } from './save_file.ts'

export class ResultFile {
  readonly element: HTMLElement
  readonly #notices: Notices
  readonly #device: DeviceFacts
  readonly #report: (device: DeviceFacts) => Report
  readonly #model: HTMLInputElement
  readonly #address: HTMLInputElement
  readonly #send: HTMLButtonElement

  /** `report` makes the file, for a device whose name the user may have put right. */
  constructor(notices: Notices, device: DeviceFacts, report: (device: DeviceFacts) => Report) {
    this.#notices = notices
    this.#device = device
    this.#report = report
    this.#model = element('input', { value: device.model, autocomplete: 'off', spellcheck: 'false' })
    const agreed = element('input', { type: 'checkbox', onchange: () => this.#agree(agreed.checked) })
    this.#address = element('input', {
      type: 'url', placeholder: 'https://latency.example/v1/measurements#TOKEN', autocomplete: 'off', disabled: true,
    })
    this.#send = element('button', { disabled: true, onclick: () => void this.#post() }, 'Send')
    this.element = element(
      'div', { class: 'card' },
      element(
        'div', { class: 'field' },
        element('label', {}, 'This device is called', this.#model),
        element('p', { class: 'muted' }, 'As people know it, such as Pixel 8: browsers seldom tell.'),
        element('p', { class: 'muted' }, [device.os, device.browser].filter(Boolean).join(', ')),
      ),
      element(
        'div', { class: 'buttons' },
        element('button', { class: 'primary', onclick: () => this.#save() }, icon('save'), 'Save as a file'),
      ),
      element('label', { class: 'check' }, agreed, 'I want to send this result to a latency service'),
      element('div', { class: 'field' }, element('label', {}, 'Its address, and behind a # the token that it gave you', this.#address)),
      element('div', { class: 'buttons' }, this.#send),
    )
  }

  #agree(agreed: boolean): void {
    set(this.#address, { disabled: !agreed })
    set(this.#send, { disabled: !agreed })
  }

  #made(): Report {
    return this.#report({ ...this.#device, model: this.#model.value.trim() || this.#device.model })
  }

  #save(): void {
    const { name, text } = this.#made()
    save(new Blob([text], { type: 'application/json' }), name)
  }

  async #post(): Promise<void> {
    try {
      await post(this.#made(), this.#address.value.trim())
      this.#notices.say('The latency service took the result.')
    } catch (error) {
      this.#notices.fail(error)
    }
  }
}
