import assert from 'node:assert/strict'
import { test } from 'node:test'

import { promptTensors } from '../../src/tracker/prompt.ts'

test('points come in their order, and those that are not there are absent', () => {
  assert.deepEqual(promptTensors([{ x: 1, y: 2, label: 1 }, { x: 3, y: 4, label: 0 }]), {
    points: Float32Array.of(1, 2, 3, 4, 0, 0, 0, 0),
    labels: Float32Array.of(1, 0, -2, -2),
  })
})

test('a box is its upper left and lower right corner', () => {
  const { points, labels } = promptTensors([{ x: 1, y: 2, label: 2 }, { x: 3, y: 4, label: 3 }])
  assert.deepEqual([[...points.subarray(0, 4)], [...labels]], [[1, 2, 3, 4], [2, 3, -2, -2]])
})

test('none, and more points than a graph takes, are refused', () => {
  const point = { x: 1, y: 2, label: 1 } as const
  assert.throws(() => promptTensors([]), {
    name: 'PromptError', message: 'A prompt has 1 to 4 points, a box counting as two; 0 were given.',
  })
  assert.throws(() => promptTensors(Array(5).fill(point)), /5 were given/)
})
