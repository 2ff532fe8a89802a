/** Where in the picture a finger is, with bars beside it or above, mirrored or not. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Placement } from '../../src/view/placement.ts'

const WIDE = new Placement({ width: 400, height: 400 }, { width: 1280, height: 640 }, false)
const TALL = new Placement({ width: 400, height: 400 }, { width: 300, height: 600 }, false)

test('a wide picture has bars above and below', () => {
  assert.deepEqual([WIDE.left, WIDE.top, WIDE.width, WIDE.height], [0, 100, 400, 200])
})

test('a tall picture has bars beside it', () => {
  assert.deepEqual([TALL.left, TALL.top, TALL.width, TALL.height], [100, 0, 200, 400])
})

test('a place on the screen is one in the picture', () => {
  assert.deepEqual(WIDE.toPicture({ x: 100, y: 150 }), { x: 0.25, y: 0.25 })
  assert.deepEqual(TALL.toPicture({ x: 250, y: 100 }), { x: 0.75, y: 0.25 })
})

test('in a mirrored picture left is right', () => {
  const mirrored = new Placement({ width: 400, height: 400 }, { width: 1280, height: 640 }, true)
  assert.deepEqual(mirrored.toPicture({ x: 100, y: 150 }), { x: 0.75, y: 0.25 })
  assert.deepEqual(mirrored.toBox({ x: 0.75, y: 0.25 }), { x: 100, y: 150 })
})

test('a drag that ends in the bars ends at the edge', () => {
  assert.deepEqual(WIDE.toPicture({ x: 500, y: 20 }), { x: 1, y: 0 })
})

test('the bars are not the picture', () => {
  assert.equal(WIDE.holds({ x: 200, y: 99 }), false)
  assert.equal(WIDE.holds({ x: 200, y: 101 }), true)
})
