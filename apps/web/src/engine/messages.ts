/**
 * What the page and the worker say to each other. The worker owns the bundle, the graphs and the tracker; the page owns
 * the camera, what is drawn, and what the user does. Every request has a number, and gets one answer with that number.
 */

import type { BenchmarkRequest, BenchmarkResult, PackResult } from '../benchmark/result.ts'
import type { SelfTestResult } from '../conformance/self_test.ts'
import type { ComputeUnit, RuntimeName } from '../runners/graph_runner.ts'
import type { PromptPoint } from '../tracker/prompt.ts'

/** Where a bundle or a kernel pack is: below a URL, or in files that the user chose (a zip, or a folder's files) */
export type SourceRequest =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'files'; readonly files: readonly { readonly path: string; readonly file: File }[] }
  | { readonly kind: 'zip'; readonly file: File }

/** How graphs are run. */
export interface Configuration {
  readonly runtime: RuntimeName
  readonly precision: string
  readonly unit: ComputeUnit
  readonly threads: number
}

/** What there is to know of a bundle before its graphs are loaded. */
export interface BundleSummary {
  readonly model: string
  readonly task: string
  readonly imageSize: number
  readonly trained: boolean
  readonly target: string
  readonly bytes: number
  /** SHA-256 of manifest.json */
  readonly manifestSha256: string
  /** That this browser can run, the one that is taken by default first */
  readonly configurations: readonly Configuration[]
  /** Why the first is first */
  readonly reason: string
  readonly sequence: { readonly frames: number; readonly objects: number } | null
}

export type ObjectStatus = 'prompted' | 'tracking' | 'lost'

/** One object in one frame. */
export interface SeenObject {
  readonly id: number
  readonly status: ObjectStatus
  /** [side, side], positive on the object */
  readonly maskLogits: Float32Array
  readonly side: number
  readonly iou: number
  readonly objectScore: number
}

/** One frame, followed. */
export interface Tracked {
  /** The number that the page gave the frame */
  readonly frame: number
  readonly objects: readonly SeenObject[]
  /** Graph -> ms of each of its runs for this frame; 'resize' is not a graph, but takes its time too */
  readonly ms: Readonly<Record<string, readonly number[]>>
}

/** A prompt for an object, which starts anew with it. */
export interface PromptRequest {
  readonly object: number
  readonly points: readonly PromptPoint[]
}

/** Request -> its answer */
export interface Calls {
  open: { ask: { source: SourceRequest }; answer: BundleSummary }
  load: { ask: { configuration: Configuration }; answer: { loadMs: Readonly<Record<string, number>> } }
  /** Follow all objects to a frame, then start those anew that are prompted. The bitmap is the worker's then. */
  track: { ask: { frame: number; image: ImageBitmap; prompts: readonly PromptRequest[] }; answer: Tracked }
  forget: { ask: { object: number | 'all' }; answer: Record<string, never> }
  selfTest: { ask: Record<string, never>; answer: SelfTestResult }
  benchmark: { ask: BenchmarkRequest; answer: BenchmarkResult }
  pack: { ask: { source: SourceRequest; threads: number }; answer: PackResult }
  /** Stop a self-test, a benchmark or a pack: it answers at once with what it has */
  stop: { ask: Record<string, never>; answer: Record<string, never> }
}

export type CallName = keyof Calls

export type Request = { [Name in CallName]: { readonly id: number; readonly call: Name; readonly ask: Calls[Name]['ask'] } }[CallName]

export type Reply =
  | { readonly id: number; readonly answer: Calls[CallName]['answer'] }
  /** One sentence for the user */
  | { readonly id: number; readonly error: string }
  /** How far a long call is: 0 to 1 */
  | { readonly id: number; readonly progress: number; readonly what: string }
