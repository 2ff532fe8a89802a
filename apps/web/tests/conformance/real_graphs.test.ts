/**
 * The tracker on the graphs that ship, which a worker runs; tests/apps/web has the same in a browser, by its runtimes.
 * VITEXPORT_BUNDLE is the bundle, and VITEXPORT_PIPES the folder in which `apps/pipe_worker.py` serves it.
 */

import assert from 'node:assert/strict'
import { openAsBlob } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { openBundle } from '../../src/bundle/bundle.ts'
import { readSequence } from '../../src/conformance/sequence.ts'
import { LEAST_IOU, selfTest } from '../../src/conformance/self_test.ts'
import type { TrackerGraphs } from '../../src/tracker/tracker.ts'
import { Pipes } from '../runners/piped_graph.ts'
import { FAULTS, withFault } from './faults.ts'

const { VITEXPORT_BUNDLE: folder, VITEXPORT_PIPES: pipesFolder } = process.env
const skip = folder && pipesFolder ? false : 'python apps/pipe_worker.py BUNDLE FOLDER, and the two variables, run it'

const once = <T>(make: () => T) => {
  let made: T | undefined
  return () => (made ??= make())
}
const pipes = once(() => new Pipes(pipesFolder!))
const bundle = once(() => openBundle({
  read: async (path) => (await openAsBlob(join(folder!, path))).bytes() as Promise<Uint8Array<ArrayBuffer>>,
}))

/** What the self-test finds in the first frames, all of them where `frames` is not given. */
async function tested(format: string, fault: keyof typeof FAULTS = 'none', frames = Infinity) {
  const opened = await bundle()
  const { artifacts, state } = opened.manifest
  const graphs = Object.fromEntries(artifacts
    .filter((one) => one.format === format)
    .map(({ graph, inputs, outputs }) => [graph, pipes().graph(format, graph, inputs, outputs)]))
  let left = frames
  const planted = withFault(graphs as unknown as TrackerGraphs, FAULTS[fault], state)
  return selfTest(planted, state, await readSequence(opened), async () => left-- > 0)
}

for (const format of ['onnx', 'tflite']) {
  test(`every mask is that of PyTorch with ${format}`, { skip }, async () => {
    const { pass, iou, maxAbs, frames, detail } = await tested(format)
    assert.ok(pass && iou >= LEAST_IOU && maxAbs < 1e-3, detail)
    assert.equal(frames, 24)
  })
}

test('without a fault the first frames pass', { skip }, async () => {
  assert.ok((await tested('tflite', 'none', 12)).pass)
})

/** Fault -> what it is called, and frames in which it shows */
const SHOWN = {
  'state not advanced': ['a state that is not advanced fails', 12],
  'wrong slot': ['a state in the wrong slots fails', 12],
  'stale output buffer': ['an output array that a later run overwrites fails', 6],
  'rotated frame': ['a frame that is turned fails', 3],
} as const

for (const [fault, [name, frames]] of Object.entries(SHOWN)) {
  test(name, { skip }, async () => {
    const { pass, iou, detail } = await tested('tflite', fault as keyof typeof SHOWN, frames)
    assert.ok(!pass && iou < 0.99, detail)
  })
}
