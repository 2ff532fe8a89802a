/**
 * What goes wrong in apps that carry state between graphs, planted into graphs that are right. Each is what the code
 * around the graphs would do to them, so the self-test has to notice every one.
 */

import type { GraphRunner, Tensors } from '../../src/runners/graph_runner.ts'
import type { TrackerGraphs } from '../../src/tracker/tracker.ts'

type State = Readonly<Record<string, string>>

/** A graph with the fault; `name` is the graph's, `state` the manifest's. */
type Fault = (graph: GraphRunner, name: string, state: State) => GraphRunner

/** Run a graph, then do something to what came out. */
function after(graph: GraphRunner, change: (outputs: Tensors, inputs: Tensors) => void): GraphRunner {
  return {
    inputs: graph.inputs,
    outputs: graph.outputs,
    release: () => graph.release(),
    async run(inputs, outputs) {
      await graph.run(inputs, outputs)
      change(outputs, inputs)
    },
  }
}

const isStep = (name: string) => name.startsWith('track_')

/** Of a state, how many slots it has: the first extent */
function slotsOf(graph: GraphRunner, output: string): number {
  return graph.outputs.find(({ name }) => name === output)!.shape[0]!
}

export const FAULTS = {
  none: (graph) => graph,

  /** Every step sees what the prompted frame left. */
  'state not advanced': (graph, name, state) => !isStep(name) ? graph : after(graph, (outputs, inputs) => {
    for (const [output, input] of Object.entries(state)) outputs[output]!.set(inputs[input]!)
  }),

  /** What belongs into one slot is in the next, the last in the first. */
  'wrong slot': (graph, name, state) => !isStep(name) ? graph : after(graph, (outputs) => {
    for (const output of Object.keys(state)) {
      const values = outputs[output]!
      const slot = values.length / slotsOf(graph, output)
      const last = values.slice(-slot)
      values.copyWithin(slot, 0)
      values.set(last)
    }
  }),

  /** The runtime's own memory is kept for a result, which every later run of the graph writes over. */
  'stale output buffer': (graph) => {
    const given = new Set<Tensors>()
    return after(graph, (outputs) => {
      given.add(outputs)
      for (const kept of given) {
        for (const [name, values] of Object.entries(outputs)) kept[name]!.set(values)
      }
    })
  },

  /** The frame is turned by a quarter, as a phone's camera gives it. */
  'rotated frame': (graph, name) => name !== 'encode_image' ? graph : {
    inputs: graph.inputs,
    outputs: graph.outputs,
    release: () => graph.release(),
    run: ({ image }, outputs) => graph.run({ image: turned(image!) }, outputs),
  },
} as const satisfies Record<string, Fault>

/** Planes [3, side, side], each turned by a quarter to the right */
function turned(image: Float32Array): Float32Array {
  const side = Math.sqrt(image.length / 3)
  return image.map((_, index) => {
    const [column, row, plane] = [index % side, Math.floor(index / side) % side, Math.floor(index / side ** 2)]
    return image[plane * side ** 2 + (side - 1 - column) * side + row]!
  })
}

export function withFault(graphs: TrackerGraphs, fault: Fault, state: State): TrackerGraphs {
  const entries = Object.entries(graphs).map(([name, graph]) => [name, fault(graph, name, state)])
  return Object.fromEntries(entries) as TrackerGraphs
}
