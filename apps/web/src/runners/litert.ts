/**
 * LiteRT.js: the .tflite that phones run, by the same runtime built to WebAssembly, on the CPU.
 *
 * Its GPU delegate leaves a graph to the CPU without a word where it lacks an operator, and has been seen to compute
 * wrongly what it has (docs/litert-gpu.md): the GPU is ONNX Runtime's.
 */

import type { CompiledModel, LiteRt, Tensor } from '@litertjs/core'
import plainScript from '@litertjs/core/wasm/litert_wasm_compat_internal.js?url'
import plainWasm from '@litertjs/core/wasm/litert_wasm_compat_internal.wasm?url'
import threadedScript from '@litertjs/core/wasm/litert_wasm_threaded_internal.js?url'
import threadedWasm from '@litertjs/core/wasm/litert_wasm_threaded_internal.wasm?url'

import { RunnerError, type LoadGraph, type Tensors, type TensorSpec, type TimedRunner } from './graph_runner.ts'
import { elements } from './shapes.ts'
import { checkSignature, type FoundTensor } from './signature.ts'
import { given, reason } from './tensors.ts'
import { checkThreads, mostThreads } from './threads.ts'

/** What runs in this worker already */
let running: Promise<Started> | undefined

interface Started {
  readonly core: typeof import('@litertjs/core')
  readonly liteRt: LiteRt
}

export const loadLiteRt: LoadGraph = async (file, inputs, outputs, options) => {
  if (options.unit === 'gpu') {
    throw new RunnerError('LiteRT runs on the CPU in browsers: choose ONNX Runtime for the GPU.')
  }
  await checkThreads('litert', options.threads)
  running ??= start()
  const { core, liteRt } = await running
  let model
  try {
    model = await liteRt.loadAndCompile(file, {
      accelerator: 'wasm', cpuOptions: { numThreads: options.threads },
    })
  } catch (error) {
    throw new RunnerError(`LiteRT cannot load the graph (${reason(error)}): export the model again.`)
  }
  const [needed, given] = [found(model.getInputDetails()), found(model.getOutputDetails())]
  try {
    checkSignature('input', needed, inputs)
    if (outputs !== 'any') checkSignature('output', given, outputs)
  } catch (error) {
    model.delete()
    throw error
  }
  return new LiteRtRunner(core, liteRt, model, inputs, outputs === 'any' ? given : outputs)
}

/** Inputs have their places in the runtime's memory, made once; outputs are made by every run, and freed after it. */
class LiteRtRunner implements TimedRunner {
  readonly inputs: readonly TensorSpec[]
  readonly outputs: readonly TensorSpec[]
  readonly #liteRt: LiteRt
  readonly #model: CompiledModel
  readonly #places: Readonly<Record<string, Tensor>>

  constructor(
    core: Started['core'], liteRt: LiteRt, model: CompiledModel,
    inputs: readonly TensorSpec[], outputs: readonly TensorSpec[],
  ) {
    this.#liteRt = liteRt
    this.#model = model
    this.inputs = inputs
    this.outputs = outputs
    this.#places = Object.fromEntries(inputs.map(({ name, shape }) => [
      name, new core.Tensor(new Float32Array(elements(shape)), [...shape]),
    ]))
  }

  async run(inputs: Tensors, outputs: Tensors): Promise<void> {
    this.#place(inputs)
    const results = await this.#run()
    try {
      for (const [name, values] of Object.entries(outputs)) {
        this.#within(results[name], 'READ', (place) => values.set(place))
      }
    } finally {
      Object.values(results).forEach((tensor) => tensor.delete())
    }
  }

  prepared(inputs: Tensors): () => Promise<void> {
    this.#place(inputs)
    return async () => {
      const results = await this.#run()
      Object.values(results).forEach((tensor) => tensor.delete())
    }
  }

  #place(inputs: Tensors): void {
    for (const { name } of this.inputs) {
      this.#within(this.#places[name], 'WRITE', (place) => place.set(given(inputs, name)))
    }
  }

  async #run(): Promise<Record<string, Tensor>> {
    try {
      return await this.#model.run(this.#places)
    } catch (error) {
      throw new RunnerError(`LiteRT did not run the graph (${reason(error)}): reload the page.`)
    }
  }

  /** Gives `use` a tensor's own memory, which is moved when the runtime's memory grows: it is not to be kept. */
  #within(tensor: Tensor | undefined, mode: 'READ' | 'WRITE', use: (place: Float32Array) => void): void {
    if (tensor === undefined) {
      throw new RunnerError('The graph gave fewer outputs than it has.')
    }
    const wasm = this.#liteRt.liteRtWasm
    const buffer = tensor.liteRtTensorBuffer
    const address = buffer.lock(wasm.LiteRtTensorBufferLockMode[mode])
    try {
      use(new Float32Array(wasm.HEAPU8.buffer, address, buffer.packedSize() / Float32Array.BYTES_PER_ELEMENT))
    } finally {
      buffer.unlock()
    }
  }

  async release(): Promise<void> {
    Object.values(this.#places).forEach((tensor) => tensor.delete())
    this.#model.delete()
  }
}

function found(details: ReturnType<CompiledModel['getInputDetails']>): FoundTensor[] {
  return details.map(({ name, dtype, shape }) => ({ name, dtype, shape: [...shape] }))
}

async function start(): Promise<Started> {
  const threaded = await mostThreads('litert') > 1
  const [script, wasm] = (threaded ? [threadedScript, threadedWasm] : [plainScript, plainWasm])
    .map((url) => new URL(url, self.location.href).href) as [string, string]
  const factory = await scriptFactory(script)
  // LiteRT.js loads its script by importScripts, which a module worker has not: what that would have left is there.
  Object.assign(globalThis, {
    ModuleFactory: factory,
    Module: { locateFile: () => wasm, mainScriptUrlOrBlob: script, printErr },
    importScripts: () => {},
  })
  const core = await import('@litertjs/core')
  return { core, liteRt: await core.loadLiteRt(script) }
}

/** LiteRT tells of every run, on several lines, that nothing is wrong. */
function printErr(line: string): void {
  if (!/^(VERBOSE|INFO|WARNING):/.test(line)) console.error(line)
}

/** Evaluates the runtime's script, which is no module but offers itself to AMD loaders: here is the smallest. */
async function scriptFactory(script: string): Promise<unknown> {
  let offered: unknown
  const define = (_needs: readonly string[], factory: () => unknown) => { offered = factory() }
  Object.assign(globalThis, { define: Object.assign(define, { amd: true }) })
  await import(/* @vite-ignore */ script)
  Reflect.deleteProperty(globalThis, 'define')
  return offered
}
