/** The zip that the user gets: names, order, and which frame each mask is of. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { strFromU8, unzipSync } from 'fflate'

import type { SeenObject } from '../../src/engine/messages.ts'
import { labelPng } from '../../src/following/label_png.ts'
import { SavedMasks } from '../../src/following/saved_masks.ts'

const MASK = { side: 1, maskLogits: Float32Array.of(1) }
const OBJECT: SeenObject = { id: 2, ...MASK, status: 'tracking', iou: 1, objectScore: 1 }

async function files(masks: SavedMasks): Promise<Record<string, Uint8Array>> {
  return unzipSync(new Uint8Array(await masks.zip().arrayBuffer()))
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
