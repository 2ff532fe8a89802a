/** The zip that the user gets: names, order, and which frame each mask is of. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { strFromU8, unzipSync } from 'fflate'

import type { SeenObject } from '../../src/engine/messages.ts'
import { labelMap } from '../../src/following/label_map.ts'
import { labelPng } from '../../src/following/label_png.ts'
import { SavedMasks } from '../../src/following/saved_masks.ts'

const MASK = { side: 1, maskLogits: Float32Array.of(1) }
const OBJECT: SeenObject = { id: 2, ...MASK, status: 'tracking', iou: 1, objectScore: 1 }

async function files(masks: SavedMasks): Promise<Record<string, Uint8Array>> {
  return unzipSync(new Uint8Array(await (await masks.zip()).arrayBuffer()))
}

test('masks are named by their frames, which frames.json gives the times of', async () => {
  const masks = new SavedMasks()
  masks.keep(1, 0.04, [OBJECT], 2, 1)
  masks.keep(0, 0, [], 2, 1)
  const saved = await files(masks)
  assert.deepEqual(Object.keys(saved), ['00000.png', '00001.png', 'frames.json'])
  assert.deepEqual(saved['00000.png'], labelPng(Uint8Array.of(0, 0), 2, 1))
  assert.deepEqual(saved['00001.png'], labelPng(Uint8Array.of(2, 2), 2, 1))
  assert.deepEqual(JSON.parse(strFromU8(saved['frames.json']!)), [
    { file: '00000.png', time: 0 },
    { file: '00001.png', time: 0.04 },
  ])
})

test('a frame that is followed again has its last masks', async () => {
  const masks = new SavedMasks()
  masks.keep(0, 0, [], 1, 1)
  masks.keep(0, 0, [OBJECT], 1, 1)
  assert.equal(masks.count, 1)
  assert.deepEqual((await files(masks))['00000.png'], labelPng(Uint8Array.of(2), 1, 1))
})

/** Two rings that overlap, at the size of real masks */
const RINGS = [1, 2].map((id): SeenObject => {
  const side = 64
  const maskLogits = Float32Array.from({ length: side * side }, (_, at) => {
    const radius = Math.hypot((at % side) - 20 - 8 * id, Math.floor(at / side) - 30)
    return 9 * Math.sin(radius / 5) + Math.sin(7 * at)
  })
  return { ...OBJECT, id, side, maskLogits }
})

test('masks are saved as they were found, to the pixel', async () => {
  const masks = new SavedMasks()
  masks.keep(0, 0, RINGS, 301, 203)
  assert.deepEqual((await files(masks))['00000.png'], labelPng(labelMap(RINGS, 301, 203), 301, 203))
})

test('while a large picture is followed no file is made of it, and the page goes on while one is made', async () => {
  const masks = new SavedMasks()
  const start = performance.now()
  masks.keep(0, 0, RINGS, 2000, 1500)
  const kept = performance.now()
  let moments = 0
  const page = setInterval(() => { moments += 1 })
  masks.keep(1, 0, RINGS, 2, 2)
  masks.keep(2, 0, RINGS, 2, 2)
  await masks.zip()
  clearInterval(page)
  assert.ok(kept - start < (performance.now() - kept) / 5)
  assert.ok(moments > 0)
})
