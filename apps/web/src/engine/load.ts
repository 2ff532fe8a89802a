/** Loads the graphs of a tracker with the runtime that was chosen; no other runtime is fetched. */

import type { Bundle } from '../bundle/bundle.ts'
import { artifactsFor } from '../bundle/configurations.ts'
import type { Configuration } from '../bundle/configurations.ts'
import type { GraphRunner, LoadGraph, RuntimeName } from '../runners/graph_runner.ts'
import type { TrackerGraphs } from '../tracker/tracker.ts'
import { EngineError } from './engine_error.ts'

/** Runtime -> how its graphs are loaded; it is fetched then */
export const RUNTIMES: Readonly<Record<RuntimeName, () => Promise<LoadGraph>>> = {
  onnx: async () => (await import('../runners/onnx.ts')).loadOnnx,
  litert: async () => (await import('../runners/litert.ts')).loadLiteRt,
}

/** Those that follow what was prompted with points; not every tracker has a `track_first`. */
const GRAPHS = ['encode_image', 'prompt_points', 'track_first', 'track_step'] as const

export interface LoadedGraphs {
  readonly graphs: TrackerGraphs
  /** Graph -> ms; that of the first has the runtime's own start in it */
  readonly loadMs: Readonly<Record<string, number>>
}

/** Read and check all files, and only then run any. Throws what reading throws, and `RunnerError`. */
export async function loadGraphs(bundle: Bundle, configuration: Configuration): Promise<LoadedGraphs> {
  const artifacts = artifactsFor(bundle.manifest, configuration)
  const wanted = GRAPHS.flatMap((name) => artifacts.get(name) ?? [])
  if (wanted.length === 0) {
    const { runtime, precision } = configuration
    throw new EngineError(`The bundle has nothing for ${runtime} in ${precision}; choose another.`)
  }
  const files = await Promise.all(wanted.map((artifact) => bundle.read(artifact.file)))
  const load = await RUNTIMES[configuration.runtime]()
  const graphs: Record<string, GraphRunner> = {}
  const loadMs: Record<string, number> = {}
  try {
    for (const [index, { graph, inputs, outputs }] of wanted.entries()) {
      const start = performance.now()
      graphs[graph] = await load(files[index]!, inputs, outputs, configuration)
      loadMs[graph] = performance.now() - start
    }
  } catch (error) {
    await release(Object.values(graphs))
    throw error
  }
  return { graphs: graphs as unknown as TrackerGraphs, loadMs } // the manifest was held against the tracker contract
}

export async function release(graphs: readonly GraphRunner[]): Promise<void> {
  for (const graph of graphs) await graph.release()
}
