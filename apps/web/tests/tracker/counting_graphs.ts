/**
 * The graphs of a tracker that count instead of seeing, so that each number of a result says where it came from. The
 * state shifts as that of a real tracker does: the newest first, the prompted frame's last.
 */

import type { GraphRunner, Tensors, TensorSpec } from '../../src/runners/graph_runner.ts'
import type { TrackerGraphs } from '../../src/tracker/tracker.ts'

const spec = (name: string, ...shape: number[]): TensorSpec => ({ name, shape })

export const STATE = { next_trail: 'trail', next_steps: 'steps' }

const SLOTS = 4
const TRAIL = [spec('trail', SLOTS), spec('steps', 1)]
const FOUND = [
  spec('mask_logits', 1, 1, 2, 2), spec('iou', 1, 1), spec('object_score', 1, 1),
  spec('next_trail', SLOTS), spec('next_steps', 1),
]

type Compute = (inputs: Tensors) => Readonly<Record<string, readonly number[]>>

/** Refuses arrays of wrong sizes, and arrays that it would read from and write to at once. */
export class ComputedGraph implements GraphRunner {
  readonly inputs: readonly TensorSpec[]
  readonly outputs: readonly TensorSpec[]
  runs = 0
  /** What the next run throws instead of finishing */
  fault: Error | null = null
  readonly #compute: Compute

  constructor(inputs: readonly TensorSpec[], outputs: readonly TensorSpec[], compute: Compute) {
    this.inputs = inputs
    this.outputs = outputs
    this.#compute = compute
  }

  async run(inputs: Tensors, outputs: Tensors): Promise<void> {
    for (const [specs, tensors] of [[this.inputs, inputs], [this.outputs, outputs]] as const) {
      for (const { name, shape } of specs) {
        const length = tensors[name]?.length
        if (length !== shape.reduce((a, b) => a * b, 1)) throw new Error(`${name} has ${length} values`)
      }
    }
    const read = new Set(Object.values(inputs))
    for (const [name, array] of Object.entries(outputs)) {
      if (read.has(array)) throw new Error(`${name} is read and written at once`)
      array.fill(Number.NaN) // so that whoever reads an array while it is written sees it
    }
    this.runs++
    const { fault } = this
    this.fault = null
    await Promise.resolve()
    if (fault !== null) throw fault
    for (const [name, values] of Object.entries(this.#compute(inputs))) outputs[name]?.set(values)
  }

  async release(): Promise<void> {}
}

const step = (mark: number): Compute => ({ features, trail, steps }) => ({
  mask_logits: [...trail!],
  iou: [mark],
  object_score: [...features!],
  next_trail: [features![0]!, ...trail!.subarray(0, SLOTS - 2), trail![SLOTS - 1]!],
  next_steps: [steps![0]! + 1],
})

/** iou of what a graph gives, by which it is known */
export const PROMPT_POINTS = 0.25
export const TRACK_FIRST = 0.5
export const TRACK_STEP = 0.75

export interface CountingGraphs extends TrackerGraphs {
  readonly encode_image: ComputedGraph
  readonly prompt_points: ComputedGraph
  readonly track_first?: ComputedGraph
  readonly track_step: ComputedGraph
}

/** Features are the image's first number, and the object's score is that of the features. */
export function countingGraphs(pooled = false): CountingGraphs {
  const features = spec('features', 1)
  const stepping = (mark: number) => new ComputedGraph([features, ...TRAIL], FOUND, step(mark))
  return {
    encode_image: new ComputedGraph([spec('image', 3)], [features], ({ image }) => ({ features: [image![0]!] })),
    prompt_points: new ComputedGraph(
      [features, spec('points', 1, 4, 2), spec('labels', 1, 4)],
      FOUND,
      ({ features, points, labels }) => ({
        mask_logits: [points![0]!, points![1]!, labels![0]!, labels![1]!],
        iou: [PROMPT_POINTS],
        object_score: [1],
        next_trail: [0, 0, 0, features![0]!],
        next_steps: [0],
      }),
    ),
    ...(pooled ? { track_first: stepping(TRACK_FIRST) } : {}),
    track_step: stepping(TRACK_STEP),
  }
}
