/** What ended the page while it was loaded: the next page does not load that by default again. */

const LOADING = 'vitexport.loading'
const CRASHED = 'vitexport.crashed'

/** More bundles and ways to run them than anybody tries; what crashed longest ago goes. */
const MOST = 50

export class CrashMemory {
  readonly #storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | null

  /** `storage` outlives the page; null where the browser has none. */
  constructor(storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | null) {
    this.#storage = storage
    const unfinished = storage?.getItem(LOADING)
    if (unfinished) this.#keep([...this.#crashed.filter((what) => what !== unfinished), unfinished])
    this.finished()
  }

  /** `what` is about to be loaded. A page that is left meanwhile has to call `finished`. */
  begun(what: string): void {
    this.#storage?.setItem(LOADING, what)
  }

  /** What was begun came to its end, whatever that was. */
  finished(): void {
    this.#storage?.removeItem(LOADING)
  }

  has(what: string): boolean {
    return this.#crashed.includes(what)
  }

  /** `what` was loaded after all. */
  forget(what: string): void {
    if (this.has(what)) this.#keep(this.#crashed.filter((one) => one !== what))
  }

  get #crashed(): readonly string[] {
    return this.#storage?.getItem(CRASHED)?.split('\n').filter(Boolean) ?? []
  }

  #keep(crashed: readonly string[]): void {
    this.#storage?.setItem(CRASHED, crashed.slice(-MOST).join('\n'))
  }
}

/** The browser's own storage, which some settings of it forbid. */
export function ownStorage(): Storage | null {
  try {
    return window.localStorage
  } catch {
    return null
  }
}
