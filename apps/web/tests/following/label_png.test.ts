/** PNG files of object numbers: that other programs read them, the end-to-end test in Python shows. */

import assert from 'node:assert/strict'
import { crc32, inflateSync } from 'node:zlib'
import { test } from 'node:test'

import { labelPng } from '../../src/following/label_png.ts'

interface Chunk {
  readonly name: string
  readonly data: Buffer
}

function chunks(png: Uint8Array): Chunk[] {
  const file = Buffer.from(png)
  const found: Chunk[] = []
  for (let place = 8; place < file.length; ) {
    const length = file.readUInt32BE(place)
    const body = file.subarray(place + 4, place + 8 + length)
    assert.equal(file.readUInt32BE(place + 8 + length), crc32(body))
    found.push({ name: body.toString('latin1', 0, 4), data: body.subarray(4) })
    place += 12 + length
  }
  return found
}

test('every chunk has its checksum, and they come in the order that the format asks for', () => {
  const png = labelPng(new Uint8Array(6), 3, 2)
  assert.deepEqual([...png.subarray(0, 8)], [137, 80, 78, 71, 13, 10, 26, 10])
  assert.deepEqual(chunks(png).map(({ name }) => name), ['IHDR', 'PLTE', 'IDAT', 'IEND'])
})

test('pixels are the numbers as they are, row by row', () => {
  const [header, , data] = chunks(labelPng(Uint8Array.from([0, 1, 2, 3, 0, 7]), 3, 2))
  assert.deepEqual([header!.data.readUInt32BE(0), header!.data.readUInt32BE(4)], [3, 2])
  assert.deepEqual([...inflateSync(data!.data)], [0, 0, 1, 2, 0, 3, 0, 7])
})

test('the palette is that of DAVIS', () => {
  const [, palette] = chunks(labelPng(new Uint8Array(1), 1, 1))
  const colour = (number: number): number[] => [...palette!.data.subarray(3 * number, 3 * number + 3)]
  assert.deepEqual([0, 1, 2, 3, 4].map(colour), [[0, 0, 0], [128, 0, 0], [0, 128, 0], [128, 128, 0], [0, 0, 128]])
  assert.equal(palette!.data.length, 3 * 256)
})
