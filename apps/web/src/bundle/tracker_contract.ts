/**
 * Whether a manifest is that of a tracker, whoever wrote it: the graphs, their tensors, and the state between frames.
 * All that runs a bundle relies on this, and checks nothing of it again.
 */

import type { TensorSpec } from '../runners/graph_runner.ts'
import { elements, sameShape } from '../runners/shapes.ts'
import { POINTS } from '../tracker/prompt.ts'
import { runsInBrowsers } from './configurations.ts'
import { VALUES } from './limits.ts'
import type { Manifest, ManifestTensor } from './manifest.ts'

/** Pixels of the image for each token of its features, and for each mask logit */
const PATCH = 16
const LOGIT = 4

interface Signature {
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
}

/** The graphs of a tracker, whose state has these inputs and outputs */
function signatures(inputs: readonly string[], outputs: readonly string[]): Readonly<Record<string, Signature>> {
  const found = ['mask_logits', 'iou', 'object_score', ...outputs]
  const step = { inputs: ['features', ...inputs], outputs: found }
  return {
    encode_image: { inputs: ['image'], outputs: ['features'] },
    prompt_points: { inputs: ['features', 'points', 'labels'], outputs: found },
    prompt_mask: { inputs: ['features', 'mask'], outputs: found },
    track_first: step,
    track_step: step,
  }
}

/** Only models that pool their memory have it */
const MAY_LACK = 'track_first'

/** The first thing in a manifest that is no tracker's, in words; null if all fits. */
export function contradiction(manifest: Manifest): string | null {
  for (const check of [ofState, ofGraphs, ofShapes, ofArtifacts, ofFiles]) {
    const found = check(manifest)
    if (found !== null) return found
  }
  return null
}

function ofState({ state }: Manifest): string | null {
  const inputs = Object.values(state)
  if (inputs.length === 0) return 'it has no state'
  return new Set(inputs).size < inputs.length ? 'two outputs of its state are one input of the next step' : null
}

function ofGraphs({ graphs, state }: Manifest): string | null {
  const wanted = signatures(Object.values(state), Object.keys(state))
  const names = graphs.map((graph) => graph.name)
  const missing = Object.keys(wanted).find((name) => name !== MAY_LACK && !names.includes(name))
  if (missing !== undefined) return `the graph ${missing} is missing`
  if (new Set(names).size < names.length) return 'a graph is there twice'
  for (const { name, inputs, outputs } of graphs) {
    const signature = Object.hasOwn(wanted, name) ? wanted[name] : undefined
    if (signature === undefined) return `there is a graph ${name}, which no tracker has`
    if (!sameNames(inputs, signature.inputs)) {
      return `${name} takes ${namesOf(inputs)}, and should take ${signature.inputs.join(', ')}`
    }
    if (!sameNames(outputs, signature.outputs)) {
      return `${name} gives ${namesOf(outputs)}, and should give ${signature.outputs.join(', ')}`
    }
  }
  return null
}

/** Shapes are those that the image's size gives; features and states have one shape wherever they are. */
function ofShapes({ model, graphs, state }: Manifest): string | null {
  const size = model.image_size
  if (size % PATCH !== 0) return `images of ${size} pixels are no multiple of ${PATCH}`
  const logits = size / LOGIT
  const shapes = new Map<string, readonly number[]>([
    ['image', [1, 3, size, size]],
    ['points', [1, POINTS, 2]],
    ['labels', [1, POINTS]],
    ['mask', [1, 1, size, size]],
    ['mask_logits', [1, 1, logits, logits]],
    ['iou', [1, 1]],
    ['object_score', [1, 1]],
  ])
  for (const graph of graphs) {
    for (const { name, shape } of [...graph.inputs, ...graph.outputs]) {
      const values = elements(shape)
      if (values > VALUES) return `${name} of ${graph.name} has ${values} values, and at most ${VALUES} are taken`
      const [, , rows, columns] = shape
      if (name === 'features' && (shape.length !== 4 || rows !== size / PATCH || columns !== size / PATCH)) {
        return `features of ${graph.name} have the shape ${shown(shape)}, which images of ${size} pixels do not give`
      }
      const key = Object.hasOwn(state, name) ? state[name]! : name
      const known = shapes.get(key)
      if (known !== undefined && !sameShape(known, shape)) {
        return `${name} of ${graph.name} has the shape ${shown(shape)}, and should have ${shown(known)}`
      }
      shapes.set(key, shape)
    }
  }
  return null
}

function ofArtifacts({ artifacts, graphs, variants }: Manifest): string | null {
  const made = artifacts.map((one) => JSON.stringify([one.format, one.precision, one.delegate, one.graph]))
  const wanted = variants.flatMap((one) =>
    graphs.map((graph) => JSON.stringify([one.format, one.precision, one.delegate, graph.name])),
  )
  if (!sameSet(made, wanted)) return 'its artefacts are not one of each graph in each variant'
  for (const artifact of artifacts) {
    const graph = graphs.find((one) => one.name === artifact.graph)!
    if (!sameTensors(artifact.inputs, graph.inputs) || !sameTensors(artifact.outputs, graph.outputs)) {
      return `the ${artifact.format} artefact of ${graph.name} takes or gives something else than the graph`
    }
    const half = [...artifact.inputs, ...artifact.outputs].find((one) => one.dtype === 'float16')
    if (half !== undefined && runsInBrowsers(artifact.format)) {
      return `${half.name} of the ${artifact.format} artefact of ${graph.name} is float16, and a browser runs that ` +
        'format in float32'
    }
  }
  return null
}

function ofFiles({ files, graphs, artifacts, sequence }: Manifest): string | null {
  const sizes = new Map(files.map((file) => [file.path, file.bytes]))
  if (sizes.size < files.length) return 'a file is listed twice'
  const paths = [...graphs.map((graph) => graph.vectors), ...(sequence === null ? [] : [sequence.file])]
  const missing = paths.find((path) => !sizes.has(path))
  if (missing !== undefined) return `${missing} is not among its files`
  for (const { file, bytes } of artifacts) {
    const listed = sizes.get(file) ?? inFolder(files, file)
    if (listed === null) return `${file} is not among its files`
    if (listed !== bytes) return `${file} has ${listed} bytes, and its artefact ${bytes}`
  }
  return null
}

/** Bytes of all files of a package; null where there are none */
function inFolder(files: Manifest['files'], folder: string): number | null {
  const within = files.filter((file) => file.path.startsWith(`${folder}/`))
  return within.length === 0 ? null : within.reduce((sum, file) => sum + file.bytes, 0)
}

function sameNames(specs: readonly TensorSpec[], names: readonly string[]): boolean {
  return sameSet(specs.map((spec) => spec.name), names)
}

/** Whether two lists have the same members, each once */
function sameSet(one: readonly string[], other: readonly string[]): boolean {
  const members = new Set(one)
  return one.length === other.length && members.size === one.length && other.every((member) => members.has(member))
}

function sameTensors(one: readonly ManifestTensor[], other: readonly ManifestTensor[]): boolean {
  return one.length === other.length && one.every((spec, index) => {
    const { name, shape, kind } = other[index]!
    return spec.name === name && spec.kind === kind && sameShape(spec.shape, shape)
  })
}

function namesOf(specs: readonly TensorSpec[]): string {
  return specs.map((spec) => spec.name).join(', ') || 'nothing'
}

function shown(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`
}
