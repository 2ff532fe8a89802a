import assert from 'node:assert/strict'
import { test } from 'node:test'

import { parseSafetensors } from '../../src/bundle/safetensors.ts'
import { bytesOf } from './bundles.ts'

/** A file with a header and values, which is `shift` bytes into its buffer. */
function fileOf(header: unknown, values: readonly number[], shift = 0): Uint8Array<ArrayBuffer> {
  const json = typeof header === 'string' ? header : JSON.stringify(header)
  const length = Math.ceil(json.length / 8) * 8
  const file = new Uint8Array(shift + 8 + length + values.length).subarray(shift)
  new DataView(file.buffer, shift).setBigUint64(0, BigInt(length), true)
  file.set(bytesOf(json.padEnd(length)), 8)
  file.set(values, 8 + length)
  return file
}

const TWO = {
  __metadata__: { format: 'np' },
  numbers: { dtype: 'F32', shape: [1, 2], data_offsets: [0, 8] },
  frames: { dtype: 'U8', shape: [3], data_offsets: [8, 11] },
  places: { dtype: 'I32', shape: [1], data_offsets: [11, 15] },
}
const VALUES = [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 7, 8, 9, 0xfe, 0xff, 0xff, 0xff]

function refuses(file: Uint8Array<ArrayBuffer>, why: RegExp): void {
  assert.throws(() => parseSafetensors(file, 'vectors/a'), (error: Error) => {
    assert.match(error.message, /^vectors\/a is no safetensors file \(.+\); export the model again\.$/)
    assert.match(error.message, why)
    return error.name === 'BundleError'
  })
}

for (const shift of [0, 3]) {
  test(`tensors are read from a file that lies ${shift} bytes into its buffer`, () => {
    assert.deepEqual([...parseSafetensors(fileOf(TWO, VALUES, shift), 'a')], [
      ['numbers', { shape: [1, 2], values: Float32Array.of(1, -2) }],
      ['frames', { shape: [3], values: Uint8Array.of(7, 8, 9) }],
      ['places', { shape: [1], values: Int32Array.of(-2) }],
    ])
  })
}

test('values that lie where they should are not copied', () => {
  const file = fileOf(TWO, VALUES)
  assert.equal(parseSafetensors(file, 'a').get('numbers')?.values.buffer, file.buffer)
})

test('a file that is too short is refused', () => {
  refuses(Uint8Array.of(1, 2, 3), /too short/)
  refuses(fileOf(TWO, VALUES).subarray(0, 40), /its header has \d+ bytes/)
})

test('a header of vectors that says it is larger than any is refused before it is read', () => {
  const file = fileOf(TWO, VALUES)
  new DataView(file.buffer).setBigUint64(0, 2n ** 63n, true)
  refuses(file, /its header has 9223372036854776000 bytes/)
})

test('a header that is no table of tensors is refused', () => {
  refuses(fileOf('{"a":', []), /no JSON/)
  refuses(fileOf({ a: { dtype: 'F64', shape: [], data_offsets: [0, 8] } }, []), /a\.dtype should be F32 or I32 or U8/)
  refuses(fileOf({ a: { dtype: 'U8', shape: [-1], data_offsets: [0, 0] } }, []), /a\.shape\[0\] should be a whole/)
})

test('vectors that do not lie in their file, or are not as many as their shape says, are refused', () => {
  const at = (...data_offsets: number[]) => fileOf({ a: { dtype: 'U8', shape: [3], data_offsets } }, [1, 2, 3])
  assert.equal(parseSafetensors(at(0, 3), 'a').size, 1)
  for (const offsets of [[1, 4], [0, 2], [3, 0], [0], []]) refuses(at(...offsets), /a does not lie where it should/)
  refuses(at(-1, 2), /whole number/)
})
