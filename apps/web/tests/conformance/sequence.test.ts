import assert from 'node:assert/strict'
import { test } from 'node:test'

import { readSequence } from '../../src/conformance/sequence.ts'
import { bundleWith, FRAMES, MASKS, sequenceTensors } from './sequences.ts'
import type { Stored } from './sequences.ts'

const TENSORS = sequenceTensors(Array.from({ length: MASKS }, (_, index) => index))

test('frames, prompts and masks are read, absent points left out', async () => {
  const sequence = await readSequence(bundleWith(TENSORS))
  assert.deepEqual([sequence.frames, sequence.objects, sequence.size, sequence.side], [FRAMES, 2, 16, 4])
  assert.deepEqual([...sequence.prompts], [
    [0, [{ object: 0, points: [{ x: 1, y: 2, label: 2 }, { x: 3, y: 4, label: 3 }] }]],
    [2, [{ object: 1, points: [{ x: 5, y: 6, label: 1 }] }]],
    [4, [{ object: 1, points: [{ x: 7, y: 8, label: 1 }] }]],
  ])
  assert.equal(sequence.pixels[16 * 16 * 3], 11)
  assert.equal(sequence.maskLogits[17], 17)
})

test('a bundle without a sequence is refused', async () => {
  const bundle = bundleWith(TENSORS)
  const without = { ...bundle, manifest: { ...bundle.manifest, sequence: null } }
  await assert.rejects(readSequence(without), /The bundle has no sequence to test with; export the model again\./)
})

/** The sequence with other values in one tensor */
const changed = (name: string, change: Partial<Stored>) =>
  readSequence(bundleWith({ ...TENSORS, [name]: { ...TENSORS[name]!, ...change } }))

test('a tensor that is missing, or of another type or shape, is refused by name', async () => {
  const { 'output.mask_logits': _, ...without } = TENSORS
  await assert.rejects(readSequence(bundleWith(without)), /output\.mask_logits is missing or is not \[2, 6, 1, 4, 4\]/)
  await assert.rejects(changed('input.prompt_object', { dtype: 'F32' }), /prompt_object is missing or is not \[3\]/)
  await assert.rejects(changed('output.mask_logits', { shape: [2, FRAMES, 1, 16, 1] }), /output\.mask_logits/)
  await assert.rejects(changed('input.labels', { shape: [4, 3] }), /input\.labels is missing or is not \[3, 4\]/)
})

test('prompts that are none are refused', async () => {
  const labels = (...first: number[]) => changed('input.labels', { values: [...first, 1, -2, -2, -2, 1, -2, -2, -2] })
  await assert.rejects(labels(-2, -2, -2, -2), /the prompt of object 0 in frame 0 is none/)
  await assert.rejects(labels(-2, 1, -2, -2), /the prompt of object 0 in frame 0 is none/)
  await assert.rejects(labels(7, 1, -2, -2), /the prompt of object 0 in frame 0 is none/)
  const points = [...TENSORS['input.points']!.values]
  await assert.rejects(changed('input.points', { values: points.with(0, Number.NaN) }), /the prompt of object 0/)
  await assert.rejects(changed('input.prompt_frame', { values: [0, 2, FRAMES] }), /object 1 is prompted in frame 6/)
  await assert.rejects(changed('input.prompt_object', { values: [0, 2, 1] }), /object 2 is prompted in frame 2/)
  await assert.rejects(changed('input.prompt_object', { values: [0, 0, 0] }), /an object has no prompt/)
  await assert.rejects(changed('input.prompt_frame', { values: [0, 2, 2] }), /object 1 is prompted twice in frame 2/)
})

test('masks that are not finite are refused', async () => {
  const masks = TENSORS['output.mask_logits']!.values
  await assert.rejects(changed('output.mask_logits', { values: masks.with(3, Infinity) }), /its masks are not finite/)
})
