/** Which of a bundle's variants this browser can run, where and with how many threads; the best is the first. */

import type { Browser } from '../runners/browser.ts'
import type { ComputeUnit, RuntimeName } from '../runners/graph_runner.ts'
import { defaultThreads } from '../runners/threads.ts'
import { BundleError } from './bundle_error.ts'
import type { ArtifactEntry, FrameLatency, Manifest, Variant } from './manifest.ts'

/** How graphs are run. */
export interface Configuration {
  readonly runtime: RuntimeName
  readonly precision: string
  readonly unit: ComputeUnit
  readonly threads: number
}

export interface Choice {
  /** The one that is taken by default first */
  readonly configurations: readonly Configuration[]
  /** Why the first is first, in one sentence */
  readonly reason: string
}

interface Way {
  readonly format: string
  readonly runtime: RuntimeName
  readonly unit: ComputeUnit
  readonly name: string
}

/**
 * What runs which format where; what is first is taken where no estimate tells. On the CPU that is LiteRT, which took
 * two thirds of the other's time for a frame of efficienttam_nano in Chromium (docs/apps.md).
 */
const WAYS: readonly Way[] = [
  { format: 'onnx', runtime: 'onnx', unit: 'gpu', name: 'ONNX Runtime on the GPU' },
  { format: 'tflite', runtime: 'litert', unit: 'cpu', name: 'LiteRT on the CPU' },
  { format: 'onnx', runtime: 'onnx', unit: 'cpu', name: 'ONNX Runtime on the CPU' },
]

/** Whether a browser may run a format */
export function runsInBrowsers(format: string): boolean {
  return WAYS.some((way) => way.format === format)
}

/** Throws `BundleError` where the browser can run none. */
export function configurationsOf({ variants, latencies, target }: Manifest, browser: Browser): Choice {
  const [first, ...others] = WAYS
    .filter(({ unit }) => unit !== 'gpu' || browser.gpu)
    .flatMap((way) => variants.filter(({ format }) => format === way.format).map((variant) => ({
      name: `${way.name} in ${variant.precision}`,
      configuration: {
        runtime: way.runtime,
        precision: variant.precision,
        unit: way.unit,
        threads: way.unit === 'gpu' ? 1 : defaultThreads(browser.threads[way.runtime]),
      },
      ms: target.platform === 'browser' ? expectedMs(variant, way.unit, latencies) : Number.POSITIVE_INFINITY,
    })))
    .toSorted((one, other) => one.ms - other.ms || 0) // of two that are not known the difference is no number
  if (first === undefined) {
    throw new BundleError(
      'The bundle has nothing that a browser runs; export the model with --format onnx --format tflite.',
    )
  }
  // What a phone takes outside of a browser says nothing of what it takes within.
  const because = Number.isFinite(first.ms)
    ? `it is expected to take least in ${target.name}: ${first.ms.toPrecision(3)} ms a frame`
    : 'it mostly is the fastest of what this browser runs; what it takes here is not known'
  return {
    configurations: [first, ...others].map(({ configuration }) => configuration),
    reason: `${first.name}, because ${because}.`,
  }
}

/** The files that a configuration runs, by graph. */
export function artifactsFor(manifest: Manifest, configuration: Configuration): ReadonlyMap<string, ArtifactEntry> {
  const { runtime, precision } = configuration
  const formats = WAYS.filter((way) => way.runtime === runtime).map((way) => way.format)
  const artifacts = manifest.artifacts.filter((one) => formats.includes(one.format) && one.precision === precision)
  return new Map(artifacts.map((artifact) => [artifact.graph, artifact]))
}

/** What a frame is expected to take on the bundle's target; infinite where that is not known */
function expectedMs(variant: Variant, unit: ComputeUnit, latencies: readonly FrameLatency[]): number {
  const { format, precision, delegate } = variant
  const expected = latencies.find((one) =>
    one.format === format && one.precision === precision && one.delegate === delegate && one.unit === unit,
  )
  return expected?.latency?.ms ?? Number.POSITIVE_INFINITY
}
