import assert from 'node:assert/strict'
import { test } from 'node:test'

import { compare } from '../../src/conformance/agreement.ts'

test('equal masks agree whatever the size of their logits, and the difference is the largest', () => {
  const { iou, maxAbs } = compare(Float32Array.of(1, -1, 2, -2), Float32Array.of(1.5, -1, 9, -2))
  assert.deepEqual([iou, maxAbs], [1, 7])
})

test('IoU is what both have of what either has; a logit of zero is background', () => {
  assert.equal(compare(Float32Array.of(1, 1, 1, 0), Float32Array.of(1, 0, 1, 1)).iou, 0.5)
})

test('two empty masks agree, and an empty one agrees with no other', () => {
  assert.equal(compare(Float32Array.of(-1, -1), Float32Array.of(-2, -3)).iou, 1)
  assert.equal(compare(Float32Array.of(-1, -1), Float32Array.of(-2, 3)).iou, 0)
})

test('logits that are not finite stand for no mask, not for an empty one', () => {
  for (const wrong of [Number.NaN, Infinity, -Infinity]) {
    const { iou, maxAbs } = compare(Float32Array.of(-1, -1), Float32Array.of(-1, wrong))
    assert.deepEqual([iou, maxAbs], [0, Infinity])
  }
})

test('a mask says something from 1 to 99 % of the frame on', () => {
  const says = (covered: number) => {
    const mask = new Float32Array(1000).fill(1, 0, covered)
    return compare(mask, mask).saysSomething
  }
  assert.deepEqual([0, 9, 10, 990, 991, 1000].map(says), [false, false, true, true, false, false])
})
