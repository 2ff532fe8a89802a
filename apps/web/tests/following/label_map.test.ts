/** Masks at the picture's size: bilinear, as PyTorch's `interpolate` has it, and one number a pixel. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { SeenObject } from '../../src/engine/messages.ts'
import { labelMap } from '../../src/following/label_map.ts'

function seen(id: number, side: number, maskLogits: readonly number[]): SeenObject {
  return { id, side, maskLogits: Float32Array.from(maskLogits), status: 'tracking', iou: 1, objectScore: 1 }
}

function rows(labels: Uint8Array, width: number): string[] {
  const height = labels.length / width
  return Array.from({ length: height }, (_, row) => labels.subarray(row * width, (row + 1) * width).join(''))
}

test('logits are resized before they are cut off at zero', () => {
  // torch.nn.functional.interpolate(torch.tensor([[[[1., -2.], [1., 1.]]]]), size=(4, 4), mode='bilinear') > 0
  assert.deepEqual(rows(labelMap([seen(1, 2, [1, -2, 1, 1])], 4, 4), 4), ['1100', '1100', '1111', '1111'])
})

test('a picture need not be square', () => {
  // the same of [[1., -3.], [1., 1.]], at size=(2, 6)
  assert.deepEqual(rows(labelMap([seen(1, 2, [1, -3, 1, 1])], 6, 2), 6), ['110000', '111111'])
})

test('where two objects meet, the first is there, as vitexport track has it', () => {
  assert.deepEqual(rows(labelMap([seen(1, 1, [1]), seen(2, 1, [5])], 2, 1), 2), ['11'])
})

test('what is on no object has no number', () => {
  assert.deepEqual(rows(labelMap([seen(3, 1, [0])], 2, 1), 2), ['00'])
  assert.deepEqual(rows(labelMap([], 2, 1), 2), ['00'])
})
