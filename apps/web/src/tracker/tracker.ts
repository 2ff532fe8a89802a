/**
 * Follows objects from frame to frame: which graph runs on what, and where the state is that goes from one frame to the
 * next. All that is computed is computed by graphs.
 *
 * An object is idle until it is prompted, then tracked, and lost while its score says that it is out of sight.
 */

import type { GraphRunner, Tensors, TensorSpec } from '../runners/graph_runner.ts'
import { elements } from '../runners/shapes.ts'
import { promptTensors } from './prompt.ts'
import type { PromptRequest } from './prompt.ts'

export type ObjectStatus = 'prompted' | 'tracking' | 'lost'

/** One object in one frame. */
export interface SeenObject {
  readonly id: number
  readonly status: ObjectStatus
  /** [side, side], positive on the object; the tracker's own: copy what should outlast the next frame */
  readonly maskLogits: Float32Array
  readonly side: number
  readonly iou: number
  readonly objectScore: number
}

/** All objects in one frame. */
interface SeenFrame {
  readonly objects: readonly SeenObject[]
  /** Graph -> ms of each of its runs for this frame */
  readonly ms: Readonly<Record<string, readonly number[]>>
}

/** The graphs of a tracker that follow what was prompted with points; `track_first` is there in pooled models. */
export interface TrackerGraphs {
  readonly encode_image: GraphRunner
  readonly prompt_points: GraphRunner
  readonly track_first?: GraphRunner
  readonly track_step: GraphRunner
}

export class Tracker {
  readonly #graphs: TrackerGraphs
  /** Output -> the input that it is in the next step */
  readonly #state: Readonly<Record<string, string>>
  readonly #features: Tensors
  #objects: ReadonlyMap<number, FollowedObject> = new Map()

  /** `state` is the manifest's. */
  constructor(graphs: TrackerGraphs, state: Readonly<Record<string, string>>) {
    this.#graphs = graphs
    this.#state = state
    this.#features = allocate(graphs.encode_image.outputs)
  }

  /**
   * Follow all objects to a frame, `image` [1, 3, S, S], but those that are prompted in it: they start anew. One frame
   * at a time. Where a graph fails, its error is thrown, and all objects are as they were in the frame before.
   * Throws `PromptError` for a prompt of no points, or of more than a graph takes.
   */
  async follow(image: Float32Array, prompts: readonly PromptRequest[] = []): Promise<SeenFrame> {
    const prompted = tensorsOf(prompts)
    const run = timed()
    await run('encode_image', this.#graphs.encode_image, { image }, this.#features)

    const stepped: FollowedObject[] = []
    for (const object of this.#objects.values()) {
      if (prompted.has(object.id)) continue
      const graph = object.status === 'prompted' && this.#graphs.track_first ? 'track_first' : 'track_step'
      await run(graph, this.#graphs[graph]!, object.inputs, object.spare)
      stepped.push(object)
    }
    const started = await this.#start(prompted, run)

    for (const object of stepped) object.advance(object.spareScore > 0 ? 'tracking' : 'lost')
    return this.#seen(started, run.ms)
  }

  /**
   * Start objects anew in the frame that was followed last, whose features are still there. Others stay as they were
   * found in it: to follow them to the same frame once more would fill their memory with it.
   */
  async restart(prompts: readonly PromptRequest[]): Promise<SeenFrame> {
    const run = timed()
    return this.#seen(await this.#start(tensorsOf(prompts), run), run.ms)
  }

  async #start(prompts: PromptTensors, run: Run): Promise<readonly FollowedObject[]> {
    const started: FollowedObject[] = []
    for (const [id, prompt] of prompts) {
      const object = this.#objects.get(id) ?? this.#newObject(id)
      await run('prompt_points', this.#graphs.prompt_points, { ...this.#features, ...prompt }, object.spare)
      started.push(object)
    }
    return started
  }

  #seen(started: readonly FollowedObject[], ms: SeenFrame['ms']): SeenFrame {
    for (const object of started) object.advance('prompted')
    this.#objects = new Map([...this.#objects, ...started.map((object) => [object.id, object] as const)])
    return { objects: [...this.#objects.values()].map((object) => object.seen()), ms }
  }

  #newObject(id: number): FollowedObject {
    return new FollowedObject(id, this.#graphs.track_step, this.#state, this.#features)
  }

  /** No longer follow an object, or any. */
  forget(object: number | 'all'): void {
    this.#objects = new Map([...this.#objects].filter(([id]) => object !== 'all' && id !== object))
  }
}

/** Two sets of arrays, made once: one has the newest state and is read, the other is spare and is written. */
class FollowedObject {
  readonly id: number
  readonly #side: number
  readonly #inputs: readonly [Tensors, Tensors]
  readonly #outputs: readonly [Tensors, Tensors]
  #newest: 0 | 1 = 0
  #status: ObjectStatus = 'prompted'

  constructor(id: number, step: GraphRunner, state: Readonly<Record<string, string>>, features: Tensors) {
    this.id = id
    const outputs = [allocate(step.outputs), allocate(step.outputs)] as const
    this.#outputs = outputs
    this.#inputs = [nextInputs(outputs[0], state, features), nextInputs(outputs[1], state, features)]
    this.#side = Math.sqrt(outputs[0].mask_logits!.length)
  }

  get status(): ObjectStatus {
    return this.#status
  }

  /** What a step reads: the frame's features, and the newest state */
  get inputs(): Tensors {
    return this.#inputs[this.#newest]
  }

  /** Where a graph may write, since nothing is read from there */
  get spare(): Tensors {
    return this.#outputs[1 - this.#newest as 0 | 1]
  }

  /** `object_score` of what was last written to the spare set */
  get spareScore(): number {
    return this.spare.object_score![0]!
  }

  /** Take what was written to the spare set for the newest. */
  advance(status: ObjectStatus): void {
    this.#newest = 1 - this.#newest as 0 | 1
    this.#status = status
  }

  seen(): SeenObject {
    const { mask_logits, iou, object_score } = this.#outputs[this.#newest]
    return {
      id: this.id,
      status: this.#status,
      maskLogits: mask_logits!,
      side: this.#side,
      iou: iou![0]!,
      objectScore: object_score![0]!,
    }
  }
}

/** The outputs of one frame as the inputs of the next: the same arrays under other names */
function nextInputs(outputs: Tensors, state: Readonly<Record<string, string>>, features: Tensors): Tensors {
  const remembered = Object.entries(state).map(([output, input]) => [input, outputs[output]!] as const)
  return { ...features, ...Object.fromEntries(remembered) }
}

function allocate(specs: readonly TensorSpec[]): Tensors {
  return Object.fromEntries(specs.map(({ name, shape }) => [name, new Float32Array(elements(shape))]))
}

/** Object -> what `prompt_points` takes besides features */
type PromptTensors = ReadonlyMap<number, ReturnType<typeof promptTensors>>

function tensorsOf(prompts: readonly PromptRequest[]): PromptTensors {
  return new Map(prompts.map(({ object, points }) => [object, promptTensors(points)]))
}

interface Run {
  (name: string, graph: GraphRunner, inputs: Tensors, outputs: Tensors): Promise<void>
  /** Graph -> ms of each run */
  readonly ms: Readonly<Record<string, readonly number[]>>
}

/** Runs graphs, and notes what each run took. */
function timed(): Run {
  const ms: Record<string, number[]> = {}
  const run = async (name: string, graph: GraphRunner, inputs: Tensors, outputs: Tensors): Promise<void> => {
    const start = performance.now()
    await graph.run(inputs, outputs)
    ;(ms[name] ??= []).push(performance.now() - start)
  }
  return Object.assign(run, { ms })
}
