/** Has the service worker keep what the app needs, where the browser allows one. */

/** ms that the first bundle waits for it; runtimes that come later are kept from the next load on */
const PATIENCE = 4000

export class Offline {
  #sentence = 'not yet: reload this page once'

  /** Whether the app works without a network, in words */
  get sentence(): string {
    return this.#sentence
  }

  /** Resolves when what is fetched is kept, or when that will not be. */
  async ready(): Promise<void> {
    if (!('serviceWorker' in navigator)) {
      this.#sentence = 'no: the browser allows it only over HTTPS or from localhost'
      return
    }
    let registration
    try {
      registration = await navigator.serviceWorker.register('service_worker.js')
    } catch {
      this.#sentence = 'no: the browser does not trust this server’s certificate enough for it'
      return
    }
    const controlled = new Promise<boolean>((resolve) => {
      if (navigator.serviceWorker.controller !== null) resolve(true)
      // A reload that was forced goes past it.
      else if (registration.active !== null) resolve(false)
      navigator.serviceWorker.addEventListener('controllerchange', () => resolve(true), { once: true })
      setTimeout(() => resolve(false), PATIENCE)
    })
    if (await controlled) this.#sentence = 'yes, with what was opened here before and this browser had room for'
  }
}
