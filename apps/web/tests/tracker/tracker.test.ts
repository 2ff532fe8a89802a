import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { PromptRequest } from '../../src/tracker/prompt.ts'
import { Tracker } from '../../src/tracker/tracker.ts'
import { countingGraphs, PROMPT_POINTS, STATE, TRACK_FIRST, TRACK_STEP } from './counting_graphs.ts'

const image = (number: number) => Float32Array.of(number, 0, 0)
const click = (object: number, x = 5, y = 6): PromptRequest => ({ object, points: [{ x, y, label: 1 }] })

/** The masks of a frame by object, copied, since the tracker writes over them. */
async function follow(tracker: Tracker, number: number, ...prompts: PromptRequest[]) {
  const { objects } = await tracker.follow(image(number), prompts)
  return Object.fromEntries(objects.map(({ id, maskLogits }) => [id, [...maskLogits]]))
}

/** What each object was in the last frame. */
async function statuses(tracker: Tracker) {
  return Object.fromEntries((await tracker.restart([])).objects.map(({ id, status }) => [id, status]))
}

test('an object is idle until it is prompted, then tracked', async () => {
  const tracker = new Tracker(countingGraphs(), STATE)
  assert.deepEqual(await statuses(tracker), {})
  await follow(tracker, 1, click(7))
  assert.deepEqual(await statuses(tracker), { 7: 'prompted' })
  await follow(tracker, 2)
  assert.deepEqual(await statuses(tracker), { 7: 'tracking' })
})

test('an object is lost while its score is not above zero, and tracked again after', async () => {
  const tracker = new Tracker(countingGraphs(), STATE)
  await follow(tracker, 1, click(7))
  const seen: [string, number][] = []
  for (const score of [0, -3, 2]) {
    const { objects: [object] } = await tracker.follow(image(score))
    seen.push([object!.status, object!.objectScore])
  }
  assert.deepEqual(seen, [['lost', 0], ['lost', -3], ['tracking', 2]])
})

test('a frame without objects has none', async () => {
  assert.deepEqual((await new Tracker(countingGraphs(), STATE).follow(image(1))).objects, [])
})

test('a prompt is given to its graph in the fixed shape, absent points with it', async () => {
  const tracker = new Tracker(countingGraphs(), STATE)
  assert.deepEqual(await follow(tracker, 1, click(7, 5, 6)), { 7: [5, 6, 1, -2] })
})

test('the state goes from frame to frame', async () => {
  const tracker = new Tracker(countingGraphs(), STATE)
  await follow(tracker, 10, click(7))
  assert.deepEqual(await follow(tracker, 11), { 7: [0, 0, 0, 10] })
  assert.deepEqual(await follow(tracker, 12), { 7: [11, 0, 0, 10] })
  assert.deepEqual(await follow(tracker, 13), { 7: [12, 11, 0, 10] })
  assert.deepEqual(await follow(tracker, 14), { 7: [13, 12, 11, 10] })
  assert.deepEqual(await follow(tracker, 15), { 7: [14, 13, 12, 10] }, 'the oldest is dropped, the prompted one kept')
})

test('objects share the features of a frame, and nothing else', async () => {
  const graphs = countingGraphs()
  const tracker = new Tracker(graphs, STATE)
  await follow(tracker, 10, click(1))
  await follow(tracker, 11, click(2))
  assert.deepEqual(await follow(tracker, 12), { 1: [11, 0, 0, 10], 2: [0, 0, 0, 11] })
  assert.equal(graphs.encode_image.runs, 3)
})

test('an object that is prompted again starts anew, and the others go on', async () => {
  const graphs = countingGraphs()
  const tracker = new Tracker(graphs, STATE)
  await follow(tracker, 10, click(1), click(2))
  await follow(tracker, 11)
  assert.deepEqual(await follow(tracker, 12, click(2, 8, 9)), { 1: [11, 0, 0, 10], 2: [8, 9, 1, -2] })
  assert.equal(graphs.track_step.runs, 3, 'nothing was followed only to be forgotten')
  assert.deepEqual(await follow(tracker, 13), { 1: [12, 11, 0, 10], 2: [0, 0, 0, 12] })
})

test('the step after a prompt is its own graph in a pooled model, and only that step', async () => {
  const tracker = new Tracker(countingGraphs(true), STATE)
  const marks: number[] = []
  for (const prompts of [[click(1)], [], [], [click(1)], []]) {
    marks.push((await tracker.follow(image(1), prompts)).objects[0]!.iou)
  }
  assert.deepEqual(marks, [PROMPT_POINTS, TRACK_FIRST, TRACK_STEP, PROMPT_POINTS, TRACK_FIRST])
})

test('arrays are taken once, and the third frame is written where the first was', async () => {
  const tracker = new Tracker(countingGraphs(), STATE)
  const masks: Float32Array[] = []
  for (const prompts of [[click(1)], [], [], [], [click(1)]]) {
    masks.push((await tracker.follow(image(1), prompts)).objects[0]!.maskLogits)
  }
  assert.equal(new Set(masks).size, 2)
  assert.equal(masks[0], masks[2])
})

test('where a graph fails its error comes out, and every object is as it was', async () => {
  for (const failing of ['encode_image', 'track_step', 'prompt_points'] as const) {
    const graphs = countingGraphs()
    const tracker = new Tracker(graphs, STATE)
    await follow(tracker, 10, click(1), click(2))
    await follow(tracker, 11)
    graphs[failing].fault = new Error('out of memory')
    await assert.rejects(follow(tracker, -99, click(2), click(3)), /out of memory/)
    assert.deepEqual(await statuses(tracker), { 1: 'tracking', 2: 'tracking' })
    assert.deepEqual(await follow(tracker, 12), { 1: [11, 0, 0, 10], 2: [11, 0, 0, 10] })
  }
})

test('a prompt that is none is refused before anything runs', async () => {
  const graphs = countingGraphs()
  const tracker = new Tracker(graphs, STATE)
  await assert.rejects(tracker.follow(image(1), [{ object: 1, points: [] }]), { name: 'PromptError' })
  assert.equal(graphs.encode_image.runs, 0)
})

test('an object that is forgotten is idle, and the others go on', async () => {
  const tracker = new Tracker(countingGraphs(), STATE)
  await follow(tracker, 10, click(1), click(2))
  tracker.forget(1)
  assert.deepEqual(await statuses(tracker), { 2: 'prompted' })
  assert.deepEqual(await follow(tracker, 11), { 2: [0, 0, 0, 10] })
  tracker.forget('all')
  assert.deepEqual(await follow(tracker, 12), {})
})

test('each run of each graph is timed', async () => {
  const tracker = new Tracker(countingGraphs(), STATE)
  await follow(tracker, 10, click(1), click(2))
  const { ms } = await tracker.follow(image(11), [click(3)])
  const runs = Object.entries(ms).map(([graph, times]) => [graph, times.length])
  assert.deepEqual(runs, [['encode_image', 1], ['track_step', 2], ['prompt_points', 1]])
  assert.ok(Object.values(ms).flat().every((time) => time >= 0))
})

test('in the frame that was followed last, objects start anew from its features, the others stay', async () => {
  const graphs = countingGraphs()
  const tracker = new Tracker(graphs, STATE)
  await follow(tracker, 10, click(1))
  await follow(tracker, 11)
  const { objects } = await tracker.restart([click(2)])
  assert.deepEqual(objects.map(({ id, status }) => [id, status]), [[1, 'tracking'], [2, 'prompted']])
  assert.equal(graphs.encode_image.runs, 2)
  assert.deepEqual(await follow(tracker, 12), { 1: [11, 0, 0, 10], 2: [0, 0, 0, 11] })
})
