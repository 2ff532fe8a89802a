/** The JSON that a benchmark, or a run of a kernel pack, is saved as. `vitexport latency import` reads both. */

import type { Configuration } from '../engine/messages.ts'
import type { SelfTestResult } from '../conformance/self_test.ts'

export interface BenchmarkRequest {
  readonly seconds: number
}

/** ms */
export interface Times {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly mean: number
  readonly std: number
  readonly n: number
  readonly firstMs: number
  readonly loadMs: number
}

/** What was measured in the worker. The page adds device and battery before it is saved (`report.ts`). */
export interface BenchmarkResult {
  readonly configuration: Configuration
  readonly warmup: number
  readonly graphs: Readonly<Record<string, Times>>
  readonly e2e: { readonly fps: number; readonly p50: number; readonly p90: number }
  readonly selfTest: SelfTestResult | null
  readonly startedAt: string
}

/** What came of a kernel pack; `json` is the result file, as docs/latency_measuring.md describes it. */
export interface PackResult {
  readonly timed: number
  readonly failed: number
  readonly stopped: boolean
  readonly json: string
}
