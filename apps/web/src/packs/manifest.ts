/** What the app reads of a kernel pack's manifest (`latency_db/packs.py` has all of it). */

import { fields, has, JsonError, list, oneOf, parseJson, text, whole } from '../bundle/json.ts'
import type { Read } from '../bundle/json.ts'
import { VALUES } from '../bundle/limits.ts'
import type { ComputeUnit, TensorSpec } from '../runners/graph_runner.ts'
import { elements } from '../runners/shapes.ts'

/** The most kernels that a pack can have */
const KERNELS = 2000
const INPUTS = 16
const RANK = 8

export interface PackedKernel {
  /** What the latency database calls it */
  readonly key: string
  /** Its artefact, within the pack */
  readonly file: string
  readonly sha256: string
  readonly inputs: readonly TensorSpec[]
}

export interface PackManifest {
  readonly schema: 1
  readonly runtime: 'tflite' | 'onnx'
  /** Whose fusion decided what the kernels are */
  readonly unit: ComputeUnit
  readonly precision: string
  /** In the order in which they are best measured */
  readonly kernels: readonly PackedKernel[]
}

/** A pack that this app does not run, in one sentence. */
export class PackError extends Error {
  override readonly name = 'PackError'
}

const like = (pattern: RegExp): Read<string> => (value, place) => {
  const found = text(value, place)
  if (!pattern.test(found)) throw new JsonError(`${place} is no such as it should be: ${found.slice(0, 60)}`)
  return found
}

const shape: Read<readonly number[]> = (value, place) => {
  const extents = list(whole(1, VALUES), RANK)(value, place)
  if (elements(extents) > VALUES) throw new JsonError(`${place} has more than ${VALUES} values`)
  return extents
}

const input = fields<TensorSpec & { readonly dtype: 'float32' }>({ name: text, shape, dtype: oneOf('float32') })

const manifest = fields<PackManifest>({
  schema: oneOf(1),
  runtime: oneOf('tflite', 'onnx'),
  unit: oneOf('cpu', 'gpu'),
  precision: text,
  kernels: list(
    fields<PackedKernel>({
      key: text,
      file: like(/^kernels\/[a-z0-9_]+\.[a-z]+$/),
      sha256: like(/^[0-9a-f]{64}$/),
      inputs: list(input, INPUTS),
    }),
    KERNELS,
  ),
})

/** Throws `PackError` for what is no pack's manifest, and for a pack that browsers do not run. */
export function parsePack(bytes: Uint8Array): PackManifest {
  try {
    const value = parseJson(bytes)
    if (has(value, 'schema_version')) {
      throw new PackError('This is a bundle, and no kernel pack: open it on the About screen.')
    }
    const read = manifest(value, '')
    if (read.kernels.length === 0) throw new JsonError('kernels is empty')
    if (read.runtime === 'tflite' && read.unit === 'gpu') throw new JsonError('LiteRT runs on the CPU in browsers')
    return read
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    throw new PackError(
      `This is no kernel pack that a browser runs (${error.message}): make one with vitexport bench --pack ` +
      'kernels.zip --target browser.',
    )
  }
}
