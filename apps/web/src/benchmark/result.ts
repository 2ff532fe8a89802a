/** What a benchmark and the run of a kernel pack find. `report.ts` makes of it the file that is saved. */

import type { Configuration } from '../bundle/configurations.ts'
import type { SelfTestResult } from '../conformance/self_test.ts'
import type { ComputeUnit } from '../runners/graph_runner.ts'
import type { Percentiles, Times } from './statistics.ts'

export interface BenchmarkRequest {
  readonly seconds: number
}

export interface GraphTimes extends Times {
  /** Of its first run here, in ms */
  readonly firstMs: number
  readonly loadMs: number
}

/** What was measured in the worker. The page adds device and battery before it is saved. */
export interface BenchmarkResult {
  readonly configuration: Configuration
  /** Frames before those that are timed */
  readonly warmup: number
  /** The graphs that run in every frame */
  readonly graphs: Readonly<Record<string, GraphTimes>>
  /** Median ms of a frame in each half minute, in their order */
  readonly halfMinutes: readonly number[]
  /** How long was timed, and whether that was stopped before its end */
  readonly seconds: number
  readonly stopped: boolean
  /** Of a camera's frame to the square that graphs take */
  readonly resize: Times
  readonly e2e: Percentiles & { readonly fps: number }
  /** Of this configuration; null where the bundle has none */
  readonly selfTest: SelfTestResult | null
  /** ISO 8601 */
  readonly startedAt: string
}

type Always = 'p50' | 'mean' | 'n'

/** Of a kernel, ms for one run. Blocks of several runs do not tell how single runs vary, and have no `p90` and such. */
export interface KernelTimes extends Pick<Times, Always>, Partial<Omit<Times, Always>> {
  /** Runs before those that are timed */
  readonly warmup: number
}

/** What came of a kernel pack. */
export interface PackResult {
  /** SHA-256 of the pack's manifest.json */
  readonly packSha256: string
  readonly runtime: 'tflite' | 'onnx'
  readonly unit: ComputeUnit
  readonly precision: string
  readonly threads: number
  /** By their keys, those that were timed */
  readonly kernels: Readonly<Record<string, KernelTimes>>
  /** Those that did not load or run, each with why */
  readonly failures: readonly { readonly key: string; readonly reason: string }[]
  /** Kernels of the pack */
  readonly total: number
  /** Whether it was stopped before the last kernel */
  readonly stopped: boolean
  /** All that it took */
  readonly seconds: number
  /** ISO 8601 */
  readonly startedAt: string
}
