/** Object numbers as a palette PNG in the colours of DAVIS, which programs for segmentation read as they are. */

import { zlibSync } from 'fflate'

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
const PALETTE_COLOURS = 256

/** Of 1 to 9; such pictures are nearly all zeros, and more effort saves little */
const COMPRESSION = 3

/** PASCAL VOC's: bits 0, 1 and 2 of a number are the highest of red, green and blue, bits 3, 4 and 5 the next. */
function palette(): Uint8Array {
  const colours = new Uint8Array(3 * PALETTE_COLOURS)
  for (let number = 0; number < PALETTE_COLOURS; number += 1) {
    for (let bit = 0; bit < 8; bit += 1) {
      colours[3 * number + (bit % 3)]! |= ((number >> bit) & 1) << (7 - Math.floor(bit / 3))
    }
  }
  return colours
}

/** The remainder of each byte, of the polynomial that PNG takes (its specification, annex D) */
const REMAINDERS = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte
  for (let bit = 0; bit < 8; bit += 1) remainder = remainder & 1 ? 0xedb88320 ^ (remainder >>> 1) : remainder >>> 1
  return remainder
})

function crc32(bytes: Uint8Array): number {
  let sum = 0xffffffff
  for (const byte of bytes) sum = REMAINDERS[(sum ^ byte) & 0xff]! ^ (sum >>> 8)
  return ~sum >>> 0
}

function chunk(name: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, data.length)
  bytes.set(Array.from(name, (letter) => letter.charCodeAt(0)), 4)
  bytes.set(data, 8)
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)))
  return bytes
}

/** The file of object numbers [height, width] */
export function labelPng(labels: Uint8Array, width: number, height: number): Uint8Array {
  const header = new Uint8Array(13)
  const view = new DataView(header.buffer)
  view.setUint32(0, width)
  view.setUint32(4, height)
  header.set([8, 3], 8) // bits, and that they are indices of a palette
  const rows = new Uint8Array(height * (width + 1)) // each after a zero: it is not filtered
  for (let y = 0; y < height; y += 1) rows.set(labels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1)
  const parts = [
    Uint8Array.from(SIGNATURE),
    chunk('IHDR', header),
    chunk('PLTE', palette()),
    chunk('IDAT', zlibSync(rows, { level: COMPRESSION })),
    chunk('IEND', new Uint8Array(0)),
  ]
  const file = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let place = 0
  for (const part of parts) {
    file.set(part, place)
    place += part.length
  }
  return file
}
