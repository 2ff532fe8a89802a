/**
 * ONNX Runtime Web: WebAssembly on the CPU, WebGPU on the GPU.
 *
 * The two are separate builds, of which only the one that is asked for is fetched. Its number of threads belongs to the
 * whole runtime, which is started once in a worker: another number needs another worker.
 */

import type * as Ort from 'onnxruntime-web'
import cpuScript from 'onnxruntime-web/ort-wasm-simd-threaded.mjs?url'
import cpuWasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url'
import gpuScript from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url'
import gpuWasm from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url'

import {
  RunnerError, type ComputeUnit, type LoadGraph, type RunOptions, type Tensors, type TensorSpec, type TimedRunner,
} from './graph_runner.ts'
import { elements } from './shapes.ts'
import { checkSignature, type FoundTensor } from './signature.ts'
import { given, reason } from './tensors.ts'
import { checkThreads } from './threads.ts'

interface Build {
  readonly provider: string
  readonly files: { readonly mjs: string; readonly wasm: string }
  readonly load: () => Promise<typeof Ort>
}

const BUILDS: Readonly<Record<ComputeUnit, Build>> = {
  cpu: { provider: 'wasm', files: { mjs: cpuScript, wasm: cpuWasm }, load: () => import('onnxruntime-web/wasm') },
  gpu: { provider: 'webgpu', files: { mjs: gpuScript, wasm: gpuWasm }, load: () => import('onnxruntime-web/webgpu') },
}

/** Without it the runtime warns of each graph that the GPU leaves shapes to the CPU, which is as it should be. */
const ONLY_ERRORS = 3

interface Started {
  readonly ort: typeof Ort
  readonly threads: number
}

/** What runs in this worker already */
const started = new Map<ComputeUnit, Promise<Started>>()

export const loadOnnx: LoadGraph = async (file, inputs, outputs, options) => {
  await checkThreads('onnx', options.threads)
  const { ort } = await runtime(options)
  let session
  try {
    session = await ort.InferenceSession.create(file, {
      executionProviders: [BUILDS[options.unit].provider],
      logSeverityLevel: ONLY_ERRORS,
    })
  } catch (error) {
    const instead = options.unit === 'gpu' ? 'run it on the CPU' : 'export the model again'
    throw new RunnerError(`ONNX Runtime cannot load the graph (${reason(error)}): ${instead}.`)
  }
  const given = session.outputMetadata.map(found)
  try {
    checkSignature('input', session.inputMetadata.map(found), inputs)
    if (outputs !== 'any') checkSignature('output', given, outputs)
  } catch (error) {
    await session.release()
    throw error
  }
  return new OnnxRunner(ort, session, inputs, outputs === 'any' ? given : outputs)
}

class OnnxRunner implements TimedRunner {
  readonly inputs: readonly TensorSpec[]
  readonly outputs: readonly TensorSpec[]
  readonly #ort: typeof Ort
  readonly #session: Ort.InferenceSession

  constructor(
    ort: typeof Ort, session: Ort.InferenceSession, inputs: readonly TensorSpec[], outputs: readonly TensorSpec[],
  ) {
    this.#ort = ort
    this.#session = session
    this.inputs = inputs
    this.outputs = outputs
  }

  async run(inputs: Tensors, outputs: Tensors): Promise<void> {
    // Arrays that are passed as outputs stay as they are: the runtime copies them in, computes, and copies nothing out.
    const results = await this.#run(this.#feeds(inputs), Object.keys(outputs))
    for (const [name, values] of Object.entries(outputs)) {
      values.set(results[name]?.data as Float32Array)
    }
  }

  /** The runtime has no place of its own for inputs: that they are copied is among what is timed. */
  prepared(inputs: Tensors): () => Promise<void> {
    const feeds = this.#feeds(inputs)
    // Here it does no harm that they stay as they are: what is not read need not be copied.
    const unread = Object.fromEntries(this.outputs.map(({ name, shape }) => [
      name, new this.#ort.Tensor('float32', new Float32Array(elements(shape)), shape),
    ]))
    return async () => { await this.#run(feeds, unread) }
  }

  #feeds(inputs: Tensors): Record<string, Ort.Tensor> {
    return Object.fromEntries(this.inputs.map(({ name, shape }) => [
      name, new this.#ort.Tensor('float32', given(inputs, name), shape),
    ]))
  }

  async #run(feeds: Record<string, Ort.Tensor>, fetches: Ort.InferenceSession.FetchesType) {
    try {
      return await this.#session.run(feeds, fetches)
    } catch (error) {
      throw new RunnerError(`ONNX Runtime did not run the graph (${reason(error)}): reload the page.`)
    }
  }

  async release(): Promise<void> {
    await this.#session.release()
  }
}

async function runtime({ unit, threads }: RunOptions): Promise<Started> {
  const running = started.get(unit) ?? start(unit, threads)
  started.set(unit, running)
  const found = await running
  if (found.threads !== threads) {
    throw new RunnerError(`ONNX Runtime has ${found.threads} threads here, and ${threads} need another worker.`)
  }
  return found
}

async function start(unit: ComputeUnit, threads: number): Promise<Started> {
  const build = BUILDS[unit]
  const ort = await build.load()
  ort.env.wasm.numThreads = threads
  // Absolute, as the runtime's script looks for them beside itself.
  const { mjs, wasm } = build.files
  ort.env.wasm.wasmPaths = { mjs: new URL(mjs, self.location.href).href, wasm: new URL(wasm, self.location.href).href }
  return { ort, threads }
}

function found(value: Ort.InferenceSession.ValueMetadata): FoundTensor {
  return value.isTensor
    ? { name: value.name, dtype: value.type, shape: value.shape.map(Number) }
    : { name: value.name, dtype: 'something else than a tensor', shape: [] }
}
