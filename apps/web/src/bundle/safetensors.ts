/**
 * Reads safetensors: eight bytes that say how long the header is, the header, which is JSON, and the values. Nothing is
 * copied but what does not lie at a multiple of its size.
 */

import { elements } from '../runners/shapes.ts'
import { BundleError } from './bundle_error.ts'
import { fields, JsonError, list, oneOf, parseJson, record, whole } from './json.ts'
import { HEADER_BYTES, VALUES } from './limits.ts'

const TYPES = { F32: Float32Array, I32: Int32Array, U8: Uint8Array } as const

type TypeName = keyof typeof TYPES

export interface StoredTensor {
  readonly shape: readonly number[]
  /** Row-major */
  readonly values: Float32Array | Int32Array | Uint8Array
}

interface Entry {
  readonly dtype: TypeName
  readonly shape: readonly number[]
  readonly data_offsets: readonly number[]
}

const LENGTH_BYTES = 8
const MOST_RANK = 8

/** Tensors by name. Throws `BundleError` for a file whose header does not fit its values; `path` is for the message. */
export function parseSafetensors(file: Uint8Array<ArrayBuffer>, path: string): ReadonlyMap<string, StoredTensor> {
  try {
    return tensorsIn(file)
  } catch (error) {
    if (error instanceof JsonError) {
      throw new BundleError(`${path} is no safetensors file (${error.message}); export the model again.`)
    }
    throw error
  }
}

function tensorsIn(file: Uint8Array<ArrayBuffer>): ReadonlyMap<string, StoredTensor> {
  if (file.length < LENGTH_BYTES) throw new JsonError('it is too short')
  const header = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true))
  if (header > Math.min(HEADER_BYTES, file.length - LENGTH_BYTES)) throw new JsonError(`its header has ${header} bytes`)
  const values = file.subarray(LENGTH_BYTES + header)
  const entries = Object.entries(HEADER(parseJson(file.subarray(LENGTH_BYTES, LENGTH_BYTES + header)), ''))
  return new Map(entries.filter(([name]) => name !== METADATA).map(([name, value]) => {
    const entry = ENTRY(value, name)
    return [name, { shape: entry.shape, values: valuesOf(name, entry, values) }]
  }))
}

const ENTRY = fields<Entry>({
  dtype: oneOf('F32', 'I32', 'U8'),
  shape: list(whole(0, VALUES), MOST_RANK),
  data_offsets: list(whole(0, Number.MAX_SAFE_INTEGER), 2),
})

const HEADER = record<unknown>((value) => value)

/** A table of words that may stand beside the tensors */
const METADATA = '__metadata__'

function valuesOf(name: string, { dtype, shape, data_offsets }: Entry, values: Uint8Array<ArrayBuffer>) {
  const type = TYPES[dtype]
  const count = elements(shape)
  const [begin, end] = [data_offsets[0] ?? 0, data_offsets[1] ?? 0]
  if (data_offsets.length !== 2 || end > values.length || end - begin !== count * type.BYTES_PER_ELEMENT) {
    throw new JsonError(`${name} does not lie where it should`)
  }
  const aligned = (values.byteOffset + begin) % type.BYTES_PER_ELEMENT === 0
  const bytes = aligned ? values.subarray(begin, end) : values.slice(begin, end)
  return new type(bytes.buffer, bytes.byteOffset, count)
}
