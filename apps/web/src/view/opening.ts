/** Opening a bundle: one that the server offers, or a folder or a zip that the user has. */

import type { Offered } from '../catalogue.ts'
import type { Configuration, SourceRequest } from '../engine/messages.ts'
import type { Workbench } from '../workbench.ts'
import { element } from './element.ts'
import { icon } from './icons.ts'
import type { Notices } from './notices.ts'
import { stem } from './words.ts'

export class Opening {
  readonly #workbench: Workbench
  readonly #notices: Notices
  readonly #listeners: ((what: string | null) => void)[] = []
  #offered: readonly Offered[] = []

  constructor(workbench: Workbench, notices: Notices) {
    this.#workbench = workbench
    this.#notices = notices
  }

  /** Bundles that the server has */
  get offered(): readonly Offered[] {
    return this.#offered
  }

  /** Call `listener` with what is being done, in words, and with null when it is over. */
  onProgress(listener: (what: string | null) => void): void {
    this.#listeners.push(listener)
  }

  /** Open the first of the bundles that the server has, once it is known which these are. */
  async offer(bundles: Promise<readonly Offered[]>): Promise<void> {
    this.#tell('Looking for bundles')
    this.#offered = await bundles
    if (this.#offered[0] === undefined) this.#tell(null)
    else await this.openOffered(this.#offered[0])
  }

  async openOffered({ url, name }: Offered): Promise<void> {
    await this.#open({ kind: 'url', url: new URL(url, location.href).href }, name)
  }

  /** Run the open bundle otherwise. */
  async configure(configuration: Configuration): Promise<void> {
    await this.#load((say) => this.#workbench.configure(configuration, say))
  }

  /** Two buttons, for a folder and for a zip */
  buttons(): HTMLElement {
    return element(
      'div', { class: 'buttons' },
      chooser('Open a folder', { webkitdirectory: true }, (files) => this.#openFolder(files)),
      chooser('Open a zip', { accept: '.zip,application/zip' }, (files) => this.#openZip(files[0]!)),
    )
  }

  async #openFolder(files: readonly File[]): Promise<void> {
    const listed = files.map((file) => ({ path: file.webkitRelativePath || file.name, file }))
    await this.#open({ kind: 'files', files: listed }, listed[0]!.path.split('/')[0]!)
  }

  async #openZip(file: File): Promise<void> {
    await this.#open({ kind: 'zip', file }, stem(file.name))
  }

  async #open(request: SourceRequest, name: string): Promise<void> {
    await this.#load((say) => this.#workbench.open(request, name, say))
  }

  async #load(load: (say: (what: string) => void) => Promise<void>): Promise<void> {
    this.#notices.clear()
    try {
      await load((what) => this.#tell(what))
    } catch (error) {
      this.#notices.fail(error)
    } finally {
      this.#tell(null)
    }
  }

  #tell(what: string | null): void {
    for (const listener of this.#listeners) listener(what)
  }
}

/** A button that lets the user choose files. Choosing the same ones again counts too. */
export function chooser(
  name: string,
  attributes: Readonly<Record<string, string | boolean>>,
  chosen: (files: readonly File[]) => Promise<void>,
): HTMLElement {
  const input = element('input', {
    ...attributes, type: 'file', hidden: true,
    onchange: () => {
      const files = [...(input.files ?? [])]
      input.value = ''
      if (files.length > 0) void chosen(files)
    },
  })
  return element('span', {}, input, element('button', { onclick: () => input.click() }, icon('folder'), name))
}
