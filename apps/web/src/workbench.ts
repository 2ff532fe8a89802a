/** The engine and what is open in it, for all screens: a bundle, and how its graphs are run. */

import type { CrashMemory } from './crash_memory.ts'
import { Engine } from './engine/client.ts'
import type { BundleSummary, Configuration, SourceRequest } from './engine/messages.ts'

/** A bundle whose graphs are loaded. */
export interface Opened {
  readonly name: string
  readonly summary: BundleSummary
  readonly configuration: Configuration
  /** A person chose the configuration: it is none by default. */
  readonly chosen: boolean
  /** Graph -> ms */
  readonly loadMs: Readonly<Record<string, number>>
}

/** Where a bundle is, and what it is called. */
interface Place {
  readonly request: SourceRequest
  readonly name: string
}

export class Workbench {
  #engine = new Engine()
  #opened: Opened | null = null
  /** Of what is open */
  #place: Place | null = null
  /** What is being loaded; null if nothing is */
  #loading: Engine | null = null
  #occupied: string | null = null
  readonly #crashes: CrashMemory
  readonly #listeners: (() => void)[] = []

  constructor(crashes: CrashMemory) {
    this.#crashes = crashes
  }

  get engine(): Engine {
    return this.#engine
  }

  /** Null while nothing is open */
  get opened(): Opened | null {
    return this.#opened
  }

  /** What has the engine for itself, as the subject of a sentence; null if nothing */
  get occupied(): string | null {
    return this.#occupied
  }

  /** Call `listener` whenever another bundle or configuration is open, or none. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /**
   * Open a bundle and load it by default. What was open stays so until the other one is ready, and where this fails;
   * what is being loaded is given up. `say` hears of each step.
   */
  async open(request: SourceRequest, name: string, say: (what: string) => void): Promise<void> {
    await this.#load({ request, name }, null, say)
  }

  /** Load the bundle that is open to be run otherwise. */
  async configure(configuration: Configuration, say: (what: string) => void): Promise<void> {
    if (this.#place !== null) await this.#load(this.#place, configuration, say)
  }

  /** Have the engine for something that takes long. `who` is the subject of a sentence: "The benchmark". */
  async occupy<Result>(who: string, work: () => Promise<Result>): Promise<Result> {
    this.refuseWhileOccupied()
    this.#occupied = who
    try {
      return await work()
    } finally {
      this.#occupied = null
    }
  }

  /** Throws while something else has the engine. */
  refuseWhileOccupied(): void {
    if (this.#occupied !== null) throw new Error(`${this.#occupied} is running: stop it, or wait for its end.`)
  }

  async #load(place: Place, configuration: Configuration | null, say: (what: string) => void): Promise<void> {
    this.refuseWhileOccupied()
    this.#loading?.close()
    // A worker of its own: a runtime keeps its threads and its memory for as long as its worker lives.
    const engine = new Engine()
    this.#loading = engine
    try {
      say('Checking the bundle')
      const summary = await engine.ask('open', { source: place.request })
      say(`Loading ${summary.model}`)
      const ways = configuration === null ? this.#byDefault(summary) : [configuration]
      const loaded = await this.#loadFirst(engine, summary, ways)
      this.refuseWhileOccupied()
      this.#take(engine, place, { name: place.name, summary, chosen: configuration !== null, ...loaded })
    } catch (error) {
      engine.close()
      if (this.#loading === engine) throw error
    } finally {
      if (this.#loading === engine) this.#loading = null
    }
  }

  /** The best first, but those last that ended a page while they were loaded. */
  #byDefault(summary: BundleSummary): readonly Configuration[] {
    const crashed = summary.configurations.filter((one) => this.#crashes.has(idOf(summary, one)))
    return [...summary.configurations.filter((one) => !crashed.includes(one)), ...crashed]
  }

  /** Load the first; where that is on a GPU, which may lack anything, and does not load, the next. */
  async #loadFirst(
    engine: Engine, summary: BundleSummary, ways: readonly Configuration[],
  ): Promise<Pick<Opened, 'configuration' | 'loadMs'>> {
    const [configuration, ...others] = ways as [Configuration, ...Configuration[]]
    const id = idOf(summary, configuration)
    this.#crashes.begun(id)
    try {
      const { loadMs } = await engine.ask('load', { configuration })
      this.#crashes.forget(id)
      return { configuration, loadMs }
    } catch (error) {
      const givenUp = this.#loading !== engine
      if (givenUp || configuration.unit !== 'gpu' || others.length === 0) throw error
      return await this.#loadFirst(engine, summary, others)
    } finally {
      this.#crashes.finished()
    }
  }

  #take(engine: Engine, place: Place, opened: Opened): void {
    const before = this.#engine
    this.#engine = engine
    this.#place = place
    this.#opened = opened
    for (const listener of this.#listeners) listener()
    before.close()
  }
}

/** One way to run one bundle */
function idOf({ manifestSha256 }: BundleSummary, configuration: Configuration): string {
  return `${manifestSha256} ${JSON.stringify(configuration)}`
}
