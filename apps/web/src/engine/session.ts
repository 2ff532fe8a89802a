/** What the worker has: one bundle, its graphs in one configuration, and the objects that are followed. */

import { benchmark } from '../benchmark/benchmark.ts'
import type { BenchmarkResult, PackResult } from '../benchmark/result.ts'
import { openBundle } from '../bundle/bundle.ts'
import type { Bundle } from '../bundle/bundle.ts'
import { configurationsOf } from '../bundle/configurations.ts'
import type { Choice, Configuration } from '../bundle/configurations.ts'
import { openSource } from '../bundle/source.ts'
import type { SourceRequest } from '../bundle/source.ts'
import { readSequence } from '../conformance/sequence.ts'
import { selfTest } from '../conformance/self_test.ts'
import type { SelfTestResult } from '../conformance/self_test.ts'
import { openPack } from '../packs/pack.ts'
import { timePack } from '../packs/run.ts'
import { thisBrowser, type Browser } from '../runners/browser.ts'
import { Tracker } from '../tracker/tracker.ts'
import { EngineError } from './engine_error.ts'
import { loadGraphs, release, RUNTIMES } from './load.ts'
import type { LoadedGraphs } from './load.ts'
import type { BundleSummary, Calls, Tracked } from './messages.ts'
import { FramePixels } from './pixels.ts'
import type { Progress } from './progress.ts'

/** A bundle whose graphs are ready. */
export interface Loaded extends LoadedGraphs {
  readonly configuration: Configuration
  readonly tracker: Tracker
  readonly pixels: FramePixels
}

export class Session {
  #bundle: Bundle | null = null
  #loaded: Loaded | null = null
  /** The number of the frame that was followed last; null where none was, or where that failed */
  #frame: number | null = null
  /** Of what is loaded */
  #selfTest: SelfTestResult | null = null

  /** The bundle takes the place of the one before once all of its manifest is right. */
  async open(request: SourceRequest): Promise<BundleSummary> {
    const bundle = await openBundle(await openSource(request))
    const browser = await thisBrowser()
    const choice = configurationsOf(bundle.manifest, browser)
    await this.#unload()
    this.#bundle = bundle
    return summaryOf(bundle, choice, browser)
  }

  /** Graphs that were loaded before are freed first: a phone has no room for two sets. */
  async load(configuration: Configuration): Promise<Calls['load']['answer']> {
    const bundle = this.#opened()
    await this.#unload()
    const loaded = await loadGraphs(bundle, configuration)
    const tracker = new Tracker(loaded.graphs, bundle.manifest.state)
    this.#loaded = { ...loaded, configuration, tracker, pixels: new FramePixels(bundle.manifest.model.image_size) }
    return { loadMs: loaded.loadMs }
  }

  async track({ frame, image, prompts }: Calls['track']['ask']): Promise<Tracked> {
    const { tracker, pixels } = this.#ready()
    if (frame === this.#frame) return { frame, ...(await tracker.restart(prompts)) }
    this.#frame = null
    const start = performance.now()
    const planes = pixels.planesOf(image)
    const resize = performance.now() - start
    const { objects, ms } = await tracker.follow(planes, prompts)
    this.#frame = frame
    return { frame, objects, ms: { resize: [resize], ...ms } }
  }

  forget(object: number | 'all'): void {
    this.#loaded?.tracker.forget(object)
  }

  /** On the graphs that are loaded, beside the objects that are followed. */
  async selfTest(progress: Progress): Promise<SelfTestResult> {
    const { graphs } = this.#ready()
    const bundle = this.#opened()
    const result = await selfTest(graphs, bundle.manifest.state, await readSequence(bundle), progress)
    this.#selfTest = result
    return result
  }

  /** Beside the objects that are followed, and after a self-test: times of wrong masks are to be known as such. */
  async benchmark(seconds: number, progress: Progress): Promise<BenchmarkResult> {
    const loaded = this.#ready()
    const { model, state, sequence } = this.#opened().manifest
    if (sequence !== null && (this.#selfTest === null || this.#selfTest.stopped)) {
      await this.selfTest((share, what) => progress(share, `Self-test first. ${what}`))
    }
    const timed = await benchmark(loaded, state, loaded.pixels, model.image_size, seconds, progress)
    return { ...timed, configuration: loaded.configuration, selfTest: this.#selfTest }
  }

  /** Needs no bundle, and leaves alone the one that is open. */
  async pack({ source, threads }: Calls['pack']['ask'], progress: Progress): Promise<PackResult> {
    const pack = await openPack(source)
    const load = await RUNTIMES[pack.manifest.runtime === 'tflite' ? 'litert' : 'onnx']()
    return timePack(pack, load, threads, progress)
  }

  #opened(): Bundle {
    if (this.#bundle === null) throw new EngineError('No bundle is open; open one first.')
    return this.#bundle
  }

  #ready(): Loaded {
    if (this.#loaded === null) throw new EngineError('No graphs are loaded; choose how they should run first.')
    return this.#loaded
  }

  async #unload(): Promise<void> {
    const before = this.#loaded
    this.#loaded = null
    this.#frame = null
    this.#selfTest = null
    if (before !== null) await release(Object.values(before.graphs))
  }
}

function summaryOf(
  { manifest, manifestSha256 }: Bundle, { configurations, reason }: Choice, { threads }: Browser,
): BundleSummary {
  const { model, weights, target, files, sequence } = manifest
  return {
    model: model.name,
    task: model.task,
    imageSize: model.image_size,
    trained: weights.trained,
    license: weights.card?.license ?? null,
    target: target.name,
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    manifestSha256,
    configurations,
    reason,
    threads,
    sequence: sequence && { frames: sequence.frames, objects: sequence.objects },
  }
}
