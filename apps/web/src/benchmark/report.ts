/**
 * The file that a benchmark, or the run of a kernel pack, is saved as: `vitexport latency import` reads it, and
 * docs/latency_import.md describes it. What a browser cannot measure, such as how hot the device is, is null.
 */

import type { ComputeUnit, RuntimeName } from '../runners/graph_runner.ts'
import { APP_VERSION, RUNTIME_VERSIONS } from '../versions.ts'
import type { Battery } from './battery.ts'
import type { DeviceFacts } from './device.ts'
import type { BenchmarkResult, PackResult } from './result.ts'

/** What the page knows of a run. */
interface Circumstances {
  /** As the user put it right */
  readonly device: DeviceFacts
  /** Before and after; null where the browser does not tell */
  readonly battery: { readonly start: Battery | null; readonly end: Battery | null }
}

/** A file, named after what was measured and when. */
export interface Report {
  readonly name: string
  /** JSON */
  readonly text: string
}

/** `manifestSha256` is that of the bundle. */
export function benchmarkReport(result: BenchmarkResult, manifestSha256: string, about: Circumstances): Report {
  const { configuration, graphs, resize, e2e, halfMinutes, selfTest, warmup, seconds, stopped, startedAt } = result
  const { runtime, unit, precision, threads } = configuration
  return reportOf('benchmark', about, startedAt, {
    manifest_sha256: manifestSha256,
    ...ranWith(runtime, unit, precision, threads),
    seconds,
    stopped,
    warmup,
    n: resize.n,
    graphs: Object.fromEntries(Object.entries(graphs).map(([graph, { firstMs, loadMs, ...times }]) => [
      graph, { ...times, first_ms: firstMs, load_ms: loadMs },
    ])),
    stages: { resize },
    // Frames are made when there is time for them, so that none is dropped: no figure of a camera.
    e2e: { ...e2e, p50_of_half_minutes: halfMinutes, dropped: null },
    selftest: selfTest === null || selfTest.stopped
      ? null
      : { pass: selfTest.pass, iou: selfTest.iou, max_abs: selfTest.maxAbs },
  })
}

export function packReport(result: PackResult, about: Circumstances): Report {
  const { packSha256, runtime, unit, precision, threads, kernels, failures, seconds, stopped, startedAt } = result
  return reportOf('kernels', about, startedAt, {
    pack_sha256: packSha256,
    ...ranWith(runtime === 'tflite' ? 'litert' : 'onnx', unit, precision, threads),
    seconds,
    stopped,
    kernels,
    failures,
  })
}

/** Backends have the names of the formats that they run. */
function ranWith(runtime: RuntimeName, unit: ComputeUnit, precision: string, threads: number) {
  return {
    backend: runtime === 'litert' ? 'tflite' : 'onnx',
    backend_version: RUNTIME_VERSIONS[runtime],
    delegate: unit === 'gpu' ? 'webgpu' : 'webassembly',
    compute_unit: unit,
    precision,
    threads: unit === 'gpu' ? null : threads,
  }
}

function reportOf(kind: string, { device, battery }: Circumstances, startedAt: string, ran: object): Report {
  const { start, end } = battery
  const report = {
    schema: 1,
    device: { ...device, soc: '' }, // no browser tells
    app_version: APP_VERSION,
    method: `web app in ${device.browser}`,
    ...ran,
    thermal: { start: null, end: null, samples: [] },
    battery: {
      start: start?.level ?? null,
      end: end?.level ?? null,
      charging: end?.charging ?? null,
      low_power: null,
    },
    memory_peak_mb: null,
    started_at: startedAt,
  }
  const words = `${kind} ${device.model} ${startedAt.slice(0, 16)}`.toLowerCase().replace(/[^a-z0-9]+/g, '-')
  return { name: `vitexport-${words}.json`, text: `${JSON.stringify(report, rounded, 1)}\n` }
}

/** Nobody's clock is better than six digits. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value
}
