/** The one interface between an app and a runtime: named tensors in, named tensors out, in the caller's memory. */

/** What a graph takes or gives, as the manifest lists it. */
export interface TensorSpec {
  readonly name: string
  readonly shape: readonly number[]
}

/** Tensor name -> its values, row-major float32 */
export type Tensors = Readonly<Record<string, Float32Array>>

export type RuntimeName = 'onnx' | 'litert'
export type ComputeUnit = 'cpu' | 'gpu'

/** Where and how a graph runs. */
export interface RunOptions {
  readonly unit: ComputeUnit
  /** On the CPU; more than one needs a page that is cross-origin isolated */
  readonly threads: number
}

/** One graph of a bundle, loaded and ready. */
export interface GraphRunner {
  readonly inputs: readonly TensorSpec[]
  readonly outputs: readonly TensorSpec[]
  /**
   * Run once. `inputs` has every input and is not changed; every output that `outputs` names is written there. An
   * array may not be among both: states are double-buffered. One run at a time.
   */
  run(inputs: Tensors, outputs: Tensors): Promise<void>
  /** Free what the runtime holds. */
  release(): Promise<void>
}

/** A graph that can be timed by itself. */
export interface TimedRunner extends GraphRunner {
  /** Puts inputs where the runtime has them, and gives a function that runs the graph on them and reads no output. */
  prepared(inputs: Tensors): () => Promise<void>
}

/**
 * Load a graph. Throws `RunnerError` where its inputs and outputs are not those that the manifest lists; a kernel of a
 * pack, whose manifest lists no outputs, may have any.
 */
export type LoadGraph = (
  file: Uint8Array,
  inputs: readonly TensorSpec[],
  outputs: readonly TensorSpec[] | 'any',
  options: RunOptions,
) => Promise<TimedRunner>

/** A graph that does not load or run, in one sentence. */
export class RunnerError extends Error {
  override readonly name = 'RunnerError'
}
