import assert from 'node:assert/strict'
import { test } from 'node:test'

import { readSequence } from '../../src/conformance/sequence.ts'
import { selfTest } from '../../src/conformance/self_test.ts'
import type { GraphRunner } from '../../src/runners/graph_runner.ts'
import type { TrackerGraphs } from '../../src/tracker/tracker.ts'
import { STATE } from '../tracker/counting_graphs.ts'
import { bundleWith, FRAMES, MASKS, sequenceTensors } from './sequences.ts'

const SIDE = 4
const goOn = async () => true

/**
 * Graphs whose mask covers as many of 16 pixels as steps were made since the prompt, and one more; the step adds the
 * colour of the frame to the state, so that a frame that is not the file's shows as well.
 */
function coveringGraphs(): TrackerGraphs {
  const graph = (inputs: GraphRunner['inputs'], outputs: GraphRunner['outputs'], run: GraphRunner['run']) =>
    ({ inputs, outputs, run, release: async () => {} })
  const found = [
    { name: 'mask_logits', shape: [1, 1, SIDE, SIDE] }, { name: 'iou', shape: [1, 1] },
    { name: 'object_score', shape: [1, 1] }, { name: 'next_trail', shape: [1] }, { name: 'next_steps', shape: [1] },
  ]
  const seen = (outputs: Readonly<Record<string, Float32Array>>, steps: number, trail: number) => {
    outputs.mask_logits!.fill(-1).fill(1 + trail, 0, steps + 1)
    outputs.next_trail![0] = trail
    outputs.next_steps![0] = steps
  }
  return {
    encode_image: graph([], [{ name: 'features', shape: [1] }], async ({ image }, { features }) => {
      features![0] = image![0]!
    }),
    prompt_points: graph([], found, async ({ features }, outputs) => seen(outputs, 0, features![0]!)),
    track_step: graph([], found, async ({ features, trail, steps }, outputs) =>
      seen(outputs, steps![0]! + 1, trail![0]! + features![0]!)),
  }
}

/** What these graphs see: object 0 from frame 0 on, object 1 from frame 2, and anew from frame 4. */
function expectedMasks(): number[] {
  const masks = new Float32Array(MASKS)
  for (const [object, prompted] of [[0, [0]], [1, [2, 4]]] as const) {
    for (let frame = prompted[0]!; frame < FRAMES; frame++) {
      const since = prompted.findLast((one) => one <= frame)!
      const colours = Array.from({ length: frame - since + 1 }, (_, step) => 10 + since + step)
      const place = (object * FRAMES + frame) * SIDE * SIDE
      masks.fill(-1, place, place + SIDE * SIDE)
      masks.fill(1 + colours.reduce((a, b) => a + b), place, place + frame - since + 1)
    }
  }
  return [...masks]
}

const sequence = await readSequence(bundleWith(sequenceTensors(expectedMasks())))

test('every mask of every object agrees, followed, prompted, and prompted anew', async () => {
  assert.deepEqual(await selfTest(coveringGraphs(), STATE, sequence, goOn), {
    pass: true,
    iou: 1,
    maxAbs: 0,
    frames: FRAMES,
    stopped: false,
    detail: 'All 6 frames agree with PyTorch: mask IoU at least 1.0000, logits within 0.0.',
  })
})

test('one mask that differs fails, and the sentence says which', async () => {
  const maskLogits = sequence.maskLogits.slice()
  maskLogits[(1 * FRAMES + 3) * SIDE * SIDE] = -4 // one of the two pixels of object 1 in frame 3
  const { pass, iou, detail } = await selfTest(coveringGraphs(), STATE, { ...sequence, maskLogits }, goOn)
  assert.deepEqual([pass, iou], [false, 0.5])
  assert.equal(
    detail,
    "The mask of object 1 in frame 3 has an IoU of 0.5000 with PyTorch's, and 0.999 is the least that passes; " +
      'logits are off by up to 30.',
  )
})

test('what an object would be before its first prompt is not compared', async () => {
  const maskLogits = sequence.maskLogits.slice()
  maskLogits.fill(99, FRAMES * SIDE * SIDE, (FRAMES + 2) * SIDE * SIDE)
  assert.equal((await selfTest(coveringGraphs(), STATE, { ...sequence, maskLogits }, goOn)).pass, true)
})

test('masks that say nothing prove nothing', async () => {
  const graphs = coveringGraphs()
  const empty = (graph: GraphRunner): GraphRunner => ({
    ...graph,
    async run(inputs, outputs) {
      await graph.run(inputs, outputs)
      outputs.mask_logits!.fill(-1)
    },
  })
  const none = { ...sequence, maskLogits: new Float32Array(MASKS).fill(-1) }
  const blind = { ...graphs, prompt_points: empty(graphs.prompt_points), track_step: empty(graphs.track_step) }
  const { pass, iou, detail } = await selfTest(blind, STATE, none, goOn)
  assert.deepEqual([pass, iou], [false, 1])
  assert.equal(detail, 'Fewer than half of the masks cover 1 to 99 % of their frame, so this proves nothing.')
})

test('a test that is stopped says how far it came', async () => {
  const told: string[] = []
  const { pass, frames, stopped, detail } = await selfTest(coveringGraphs(), STATE, sequence, async (share, what) => {
    told.push(`${share.toFixed(2)} ${what}`)
    return told.length <= 3
  })
  assert.deepEqual([pass, frames, stopped], [true, 3, true])
  assert.match(detail, /^The first 3 of 6 frames agree with PyTorch/)
  assert.deepEqual(told, ['0.00 Frame 1 of 6', '0.17 Frame 2 of 6', '0.33 Frame 3 of 6', '0.50 Frame 4 of 6'])
})

test('a test that is stopped before the first frame passes nothing', async () => {
  const { pass, frames, detail } = await selfTest(coveringGraphs(), STATE, sequence, async () => false)
  assert.deepEqual([pass, frames], [false, 0])
  assert.equal(detail, 'It was stopped before the first frame, so nothing is known.')
})

test('a sequence of as many masks as a bundle may have is summed up', async () => {
  const [frames, objects, size] = [1000, 130, 2] as const
  const long = {
    frames, objects, size, side: SIDE,
    pixels: new Uint8Array(frames * 3 * size * size),
    prompts: new Map([[0, Array.from({ length: objects }, (_, object) => ({
      object, points: [{ x: 0, y: 0, label: 1 as const }],
    }))]]),
    maskLogits: new Float32Array(objects * frames * SIDE * SIDE),
  }
  assert.equal((await selfTest(coveringGraphs(), STATE, long, goOn)).frames, frames)
})
