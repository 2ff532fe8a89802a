import assert from 'node:assert/strict'
import { test } from 'node:test'

import { RunnerError } from '../../src/runners/graph_runner.ts'
import { checkSignature } from '../../src/runners/signature.ts'

const LISTED = [{ name: 'image', shape: [1, 3, 8, 8] }, { name: 'mask', shape: [1, 1, 8, 8] }]
const FOUND = LISTED.map((one) => ({ ...one, dtype: 'float32' }))

test('names, shapes and types that are as listed pass, in whatever order', () => {
  checkSignature('input', FOUND.toReversed(), LISTED)
})

test('each way to differ is refused in a sentence that names the tensor', () => {
  const [image, mask] = FOUND as [typeof FOUND[0], typeof FOUND[0]]
  const refused = (found: typeof FOUND, says: RegExp) => {
    assert.throws(() => checkSignature('input', found, LISTED), (error) => {
      assert.ok(error instanceof RunnerError)
      assert.match(error.message, says)
      return true
    })
  }
  refused([image!], /no input mask/)
  refused([...FOUND, { ...mask!, name: 'more' }], /input more/)
  refused([image!, { ...mask!, dtype: 'int32' }], /mask in int32/)
  refused([{ ...image!, shape: [1, 8, 8, 3] }, mask!], /image \[1, 8, 8, 3\].*\[1, 3, 8, 8\]/)
})
