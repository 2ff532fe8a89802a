/** Sequences as `exporter/verify/conformance.py` writes them, of numbers that count, for the graphs that count. */

import type { Bundle } from '../../src/bundle/bundle.ts'
import { MANIFEST } from '../bundle/bundles.ts'

export const FRAMES = 6
const SIZE = 16
const SIDE = SIZE / 4

export interface Stored {
  readonly dtype: 'F32' | 'I32' | 'U8'
  readonly shape: readonly number[]
  readonly values: readonly number[]
}

/** Object 0 is prompted in the first frame, object 1 in the third and again in the fifth, with another point. */
export function sequenceTensors(maskLogits: readonly number[]): Record<string, Stored> {
  const bytes = SIZE * SIZE * 3
  const frames = Array.from({ length: FRAMES * bytes }, (_, index) => 10 + Math.floor(index / bytes))
  const rest = Array(6).fill(0)
  return {
    'input.frames': { dtype: 'U8', shape: [FRAMES, SIZE, SIZE, 3], values: frames },
    'input.prompt_frame': { dtype: 'I32', shape: [3], values: [0, 2, 4] },
    'input.prompt_object': { dtype: 'I32', shape: [3], values: [0, 1, 1] },
    'input.points': {
      dtype: 'F32', shape: [3, 4, 2], values: [1, 2, 3, 4, 0, 0, 0, 0, 5, 6, ...rest, 7, 8, ...rest],
    },
    'input.labels': { dtype: 'F32', shape: [3, 4], values: [2, 3, -2, -2, 1, -2, -2, -2, 1, -2, -2, -2] },
    'output.mask_logits': { dtype: 'F32', shape: [2, FRAMES, 1, SIDE, SIDE], values: maskLogits },
    'output.iou': { dtype: 'F32', shape: [2, FRAMES], values: Array(2 * FRAMES).fill(0) },
    'output.object_score': { dtype: 'F32', shape: [2, FRAMES], values: Array(2 * FRAMES).fill(0) },
  }
}

export const MASKS = 2 * FRAMES * SIDE * SIDE

/** A bundle whose sequence these tensors are */
export function bundleWith(tensors: Readonly<Record<string, Stored>>): Bundle {
  const file = safetensors(tensors)
  return {
    manifest: {
      ...MANIFEST,
      model: { ...MANIFEST.model, image_size: SIZE },
      sequence: { file: 'vectors/sequence.safetensors', frames: FRAMES, objects: 2 },
    },
    manifestSha256: '',
    read: async () => file,
  }
}

function safetensors(tensors: Readonly<Record<string, Stored>>): Uint8Array<ArrayBuffer> {
  const types = { F32: Float32Array, I32: Int32Array, U8: Uint8Array }
  let place = 0
  const parts: Uint8Array[] = []
  const header = Object.entries(tensors).map(([name, { dtype, shape, values }]) => {
    const bytes = new Uint8Array(types[dtype].from(values).buffer)
    parts.push(bytes)
    place += bytes.length
    return [name, { dtype, shape, data_offsets: [place - bytes.length, place] }]
  })
  const json = Buffer.from(JSON.stringify(Object.fromEntries(header)))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  return Uint8Array.from(Buffer.concat([length, json, ...parts]))
}
