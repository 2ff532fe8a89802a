/** Which of a bundle's variants this browser can run, where and with how many threads; the best is the first. */

import type { ComputeUnit, RuntimeName } from '../runners/graph_runner.ts'
import { mostThreads } from '../runners/threads.ts'
import { BundleError } from './bundle_error.ts'
import type { ArtifactEntry, FrameLatency, Manifest, Variant } from './manifest.ts'

/** How graphs are run. */
export interface Configuration {
  readonly runtime: RuntimeName
  readonly precision: string
  readonly unit: ComputeUnit
  readonly threads: number
}

/** What the browser offers to graphs. */
export interface Browser {
  /** A GPU, and not only the name of one */
  readonly gpu: boolean
  /** The most that each runtime can have */
  readonly threads: Readonly<Record<RuntimeName, number>>
}

export interface Choice {
  /** The one that is taken by default first */
  readonly configurations: readonly Configuration[]
  /** Why the first is first, in one sentence */
  readonly reason: string
}

/** Format -> what runs it in a browser; of its units the one that is taken where nothing tells them apart is first */
const RUNTIMES: ReadonlyMap<string, { runtime: RuntimeName; units: readonly ComputeUnit[]; name: string }> = new Map([
  ['onnx', { runtime: 'onnx', units: ['gpu', 'cpu'], name: 'ONNX Runtime' }],
  ['tflite', { runtime: 'litert', units: ['cpu'], name: 'LiteRT' }],
])

/** More threads than a phone has fast cores make a frame wait for its slow ones */
const MOST_THREADS = 4

/** What the browser that this runs in offers. */
export async function thisBrowser(): Promise<Browser> {
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null)
  return {
    gpu: adapter !== null && adapter !== undefined && !adapter.info.isFallbackAdapter,
    threads: { onnx: await mostThreads('onnx'), litert: await mostThreads('litert') },
  }
}

/** Throws `BundleError` where the browser can run none. */
export function configurationsOf(manifest: Manifest, browser: Browser): Choice {
  const ways = manifest.variants
    .flatMap((variant) => waysToRun(variant, manifest.latencies, browser))
    .toSorted((one, other) => one.ms - other.ms || 0) // of two that are not known the difference is no number
  const first = ways[0]
  if (first === undefined) {
    throw new BundleError(
      'The bundle has nothing that a browser runs; export the model with --format onnx --format tflite.',
    )
  }
  const target = manifest.target.name
  const because = Number.isFinite(first.ms)
    ? `it is expected to take least on ${target}, outside of a browser: ${first.ms.toPrecision(3)} ms a frame`
    : `it is the first that this browser runs; what any of them takes on ${target} is not known`
  return { configurations: ways.map((way) => way.configuration), reason: `${first.name}, because ${because}.` }
}

/** The files that a configuration runs, by graph. */
export function artifactsFor(manifest: Manifest, configuration: Configuration): ReadonlyMap<string, ArtifactEntry> {
  const artifacts = manifest.artifacts.filter((artifact) =>
    RUNTIMES.get(artifact.format)?.runtime === configuration.runtime && artifact.precision === configuration.precision,
  )
  return new Map(artifacts.map((artifact) => [artifact.graph, artifact]))
}

interface Way {
  readonly configuration: Configuration
  readonly name: string
  /** A frame is expected to take on the target; infinite where that is not known */
  readonly ms: number
}

function waysToRun(variant: Variant, latencies: readonly FrameLatency[], browser: Browser): readonly Way[] {
  const found = RUNTIMES.get(variant.format)
  if (found === undefined) return []
  const { runtime, units, name } = found
  const threads = Math.min(MOST_THREADS, browser.threads[runtime])
  const { precision } = variant
  return units.filter((unit) => unit !== 'gpu' || browser.gpu).map((unit) => ({
    configuration: { runtime, precision, unit, threads: unit === 'gpu' ? 1 : threads },
    name: `${name} on the ${unit.toUpperCase()} in ${precision}`,
    ms: expectedMs(variant, unit, latencies),
  }))
}

function expectedMs(variant: Variant, unit: ComputeUnit, latencies: readonly FrameLatency[]): number {
  const { format, precision, delegate } = variant
  const expected = latencies.find((one) =>
    one.format === format && one.precision === precision && one.delegate === delegate && one.unit === unit,
  )
  return expected?.latency?.ms ?? Number.POSITIVE_INFINITY
}
