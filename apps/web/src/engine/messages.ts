/**
 * What the page and the worker say to each other. The worker owns the bundle, the graphs and the tracker; the page owns
 * the camera, what is drawn, and what the user does. Every request has a number, and gets one answer with that number.
 */

import type { BenchmarkRequest, BenchmarkResult, PackResult } from '../benchmark/result.ts'
import type { Configuration } from '../bundle/configurations.ts'
import type { SourceRequest } from '../bundle/source.ts'
import type { SelfTestResult } from '../conformance/self_test.ts'
import type { RuntimeName } from '../runners/graph_runner.ts'
import type { PromptRequest } from '../tracker/prompt.ts'
import type { ObjectStatus, SeenObject } from '../tracker/tracker.ts'

export type { Configuration, ObjectStatus, PromptRequest, SeenObject, SourceRequest }

/** What there is to know of a bundle before its graphs are loaded. */
export interface BundleSummary {
  readonly model: string
  readonly task: string
  readonly imageSize: number
  readonly trained: boolean
  /** Of the weights; null where the bundle does not tell */
  readonly license: string | null
  readonly target: string
  readonly bytes: number
  /** SHA-256 of manifest.json */
  readonly manifestSha256: string
  /** That this browser can run, the one that is taken by default first */
  readonly configurations: readonly Configuration[]
  /** Why the first is first */
  readonly reason: string
  /** The most threads that each runtime can have */
  readonly threads: Readonly<Record<RuntimeName, number>>
  readonly sequence: { readonly frames: number; readonly objects: number } | null
}

/** One frame, followed. */
export interface Tracked {
  /** The number that the page gave the frame */
  readonly frame: number
  readonly objects: readonly SeenObject[]
  /** Graph -> ms of each of its runs for this frame; 'resize' is not a graph, but takes its time too */
  readonly ms: Readonly<Record<string, readonly number[]>>
}

/** Request -> its answer */
export interface Calls {
  open: { ask: { source: SourceRequest }; answer: BundleSummary }
  load: { ask: { configuration: Configuration }; answer: { loadMs: Readonly<Record<string, number>> } }
  /**
   * Follow all objects to a frame, then start those anew that are prompted. A frame that was followed last is not
   * followed again: in it, only prompts count. The bitmap is the worker's then.
   */
  track: { ask: { frame: number; image: ImageBitmap; prompts: readonly PromptRequest[] }; answer: Tracked }
  forget: { ask: { object: number | 'all' }; answer: Record<string, never> }
  selfTest: { ask: Record<string, never>; answer: SelfTestResult }
  benchmark: { ask: BenchmarkRequest; answer: BenchmarkResult }
  pack: { ask: { source: SourceRequest; threads: number }; answer: PackResult }
  /** Stop a self-test, a benchmark or a pack: it answers at once with what it has */
  stop: { ask: Record<string, never>; answer: Record<string, never> }
}

export type CallName = keyof Calls

export type Request = {
  [Name in CallName]: { readonly id: number; readonly call: Name; readonly ask: Calls[Name]['ask'] }
}[CallName]

export type Reply =
  | { readonly id: number; readonly answer: Calls[CallName]['answer'] }
  /** One sentence for the user */
  | { readonly id: number; readonly error: string }
  /** How far a long call is: 0 to 1 */
  | { readonly id: number; readonly progress: number; readonly what: string }
