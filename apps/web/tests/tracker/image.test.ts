import assert from 'node:assert/strict'
import { test } from 'node:test'

import { toPlanes } from '../../src/tracker/image.ts'

test('colours come in planes, of RGB and of RGBA alike', () => {
  const planes = new Float32Array(12)
  const expected = Float32Array.of(1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12)
  toPlanes(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12), 3, planes)
  assert.deepEqual(planes, expected)
  planes.fill(0)
  toPlanes(Uint8ClampedArray.of(1, 2, 3, 255, 4, 5, 6, 255, 7, 8, 9, 255, 10, 11, 12, 255), 4, planes)
  assert.deepEqual(planes, expected)
})
