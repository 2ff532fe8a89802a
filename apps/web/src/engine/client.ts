/** The page's end: calls to the worker as promises. */

import { EngineError } from './engine_error.ts'
import type { CallName, Calls, Reply, Request } from './messages.ts'

/** Hears how far a long call is, 0 to 1, and what it is at. */
export type OnProgress = (share: number, what: string) => void

interface Waiting {
  readonly resolve: (answer: never) => void
  readonly reject: (error: EngineError) => void
  readonly onProgress: OnProgress | undefined
}

export class Engine {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  #last = 0

  constructor() {
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'vitexport' })
    this.#worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => this.#hear(data))
    const fail = (event: Event) => {
      const reason = event instanceof ErrorEvent && event.message ? ` (${event.message})` : ''
      this.#rejectAll(`The worker that runs the graphs stopped${reason}; reload the page.`)
    }
    this.#worker.addEventListener('error', fail)
    this.#worker.addEventListener('messageerror', fail)
  }

  /** Call the worker. What is asked is copied, but for images, which are the worker's then. Throws `EngineError`. */
  ask<Name extends CallName>(
    call: Name,
    ask: Calls[Name]['ask'],
    onProgress?: OnProgress,
  ): Promise<Calls[Name]['answer']> {
    const id = ++this.#last
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, onProgress })
      this.#worker.postMessage({ id, call, ask } as Request, 'image' in ask ? [ask.image] : [])
    })
  }

  /** End the worker; what it was asked is not answered. */
  close(): void {
    this.#worker.terminate()
    this.#rejectAll('The worker that runs the graphs was ended.')
  }

  #hear(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id)
    if (waiting === undefined) return // it was rejected with all others
    if ('progress' in reply) {
      waiting.onProgress?.(reply.progress, reply.what)
      return
    }
    this.#waiting.delete(reply.id)
    if ('error' in reply) waiting.reject(new EngineError(reply.error))
    else waiting.resolve(reply.answer as never)
  }

  #rejectAll(reason: string): void {
    for (const { reject } of this.#waiting.values()) reject(new EngineError(reason))
    this.#waiting.clear()
  }
}
