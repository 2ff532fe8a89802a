/** What runs here, what it may be used for, and what is not done with pictures. Other bundles are opened here, too. */

import { thisBrowser, type Browser } from '../../runners/browser.ts'
import type { Workbench } from '../../workbench.ts'
import { element, facts, type Child } from '../element.ts'
import type { Opening } from '../opening.ts'
import type { Screen } from '../shell.ts'
import { configurationName, ms, size } from '../words.ts'

export class AboutScreen implements Screen {
  readonly name = 'About'
  readonly icon = 'info'
  readonly element: HTMLElement
  readonly #workbench: Workbench
  readonly #opening: Opening
  readonly #bundle = element('div')
  readonly #page = element('div')
  readonly #others = element('div', { class: 'buttons' })
  readonly #state = element('p', { class: 'muted', role: 'status' })
  readonly #offline: () => string
  /** null until it was asked */
  #browser: Browser | null = null

  /** `offline` says in a sentence whether the app works without a network. */
  constructor(workbench: Workbench, opening: Opening, offline: () => string) {
    this.#workbench = workbench
    this.#opening = opening
    this.#offline = offline
    this.element = element(
      'section', { class: 'page' },
      element('h2', {}, 'The bundle'), this.#bundle,
      element('h2', {}, 'Open another'), this.#others, opening.buttons(), this.#state,
      element('h2', {}, 'Your pictures'),
      element(
        'p', {},
        'Nothing leaves this device: graphs run in this browser, and no picture, mask or figure is sent anywhere. ' +
          'Only a benchmark’s result is, to the address that you give, after you agreed.',
      ),
      element('h2', {}, 'This browser'), this.#page,
      element('h2', {}, 'Licences'),
      element(
        'p', {},
        'vitexport is under the MIT licence. The app brings ONNX Runtime Web (MIT) and LiteRT.js (Apache 2.0).',
      ),
    )
    workbench.onChange(() => this.#update())
    opening.onProgress((what) => { this.#state.textContent = what === null ? '' : `${what} …` })
    void thisBrowser().then((browser) => {
      this.#browser = browser
      this.#update()
    })
    this.#update()
  }

  shown(): void {
    this.#update()
  }

  /** Only what is not pressed is made anew: a button that is would lose the focus. */
  #update(): void {
    this.#bundle.replaceChildren(this.#facts())
    this.#page.replaceChildren(facts([
      ['Camera', window.isSecureContext ? 'may be used' : 'only over HTTPS or from localhost'],
      ...this.#offers(),
      ['Offline', this.#offline()],
    ]))
    const { offered } = this.#opening
    if (this.#others.hasChildNodes() || offered.length < 2) return
    this.#others.replaceChildren(
      ...offered.map((bundle) =>
        element('button', { onclick: () => void this.#opening.openOffered(bundle) }, bundle.name),
      ),
    )
  }

  #offers(): (readonly [string, Child])[] {
    if (this.#browser === null) return []
    const { gpu, threads } = this.#browser
    return [
      ['Threads', `ONNX Runtime ${threads.onnx}, LiteRT ${threads.litert} at most`],
      ['GPU', gpu ? 'WebGPU' : 'none that this browser lets pages use'],
    ]
  }

  #facts(): HTMLElement {
    const opened = this.#workbench.opened
    if (opened === null) return element('p', {}, 'None is open.')
    const { summary, configuration, loadMs, name } = opened
    const loaded = Object.entries(loadMs).map(([graph, time]) => `${graph} ${ms(time)}`).join(', ')
    const pairs: (readonly [string, Child])[] = [
      ['Bundle', name],
      ['Model', `${summary.model}, ${summary.imageSize} × ${summary.imageSize} pixels`],
      ['Weights', summary.trained ? 'trained' : 'random (UNTRAINED)'],
      ['Their licence', summary.license ?? 'that of whoever trained them'],
      ['Made for', summary.target],
      ['Size', size(summary.bytes)],
      ['Run by', configurationName(configuration)],
      ['Loaded in ms', loaded],
      ['SHA-256 of its manifest', element('code', {}, summary.manifestSha256)],
    ]
    return facts(pairs)
  }
}
