import assert from 'node:assert/strict'
import { test } from 'node:test'

import { parseManifest } from '../../src/bundle/manifest.ts'
import type { ArtifactEntry, ManifestTensor, Variant } from '../../src/bundle/manifest.ts'
import { bytesOf, MANIFEST, manifestBytes } from './bundles.ts'

/** Whether a manifest is refused in one sentence that says so. */
function refuses(bytes: Uint8Array, sentence: RegExp): void {
  assert.throws(() => parseManifest(bytes), (error: Error) => {
    assert.equal(error.name, 'BundleError')
    assert.match(error.message, sentence)
    assert.match(error.message, /^[^\n]+\.$/)
    return true
  })
}

/** The manifest with another first graph's tensors, wherever they are listed. */
const withTensors = (graph: string, side: 'inputs' | 'outputs', change: (tensor: ManifestTensor) => ManifestTensor) =>
  manifestBytes((manifest) => ({
    ...manifest,
    graphs: manifest.graphs.map((one) => (one.name === graph ? { ...one, [side]: one[side].map(change) } : one)),
    artifacts: manifest.artifacts.map((one) => (one.graph === graph ? { ...one, [side]: one[side].map(change) } : one)),
  }))

test('a manifest is read', () => {
  assert.deepEqual(parseManifest(manifestBytes()), MANIFEST)
})

test('fields that the app does not read may be there, and are left out', () => {
  assert.deepEqual(parseManifest(manifestBytes((manifest) => ({ ...manifest, provenance: { cpu: 'any' } }))), MANIFEST)
})

test('what is no JSON is refused', () => {
  refuses(bytesOf('{"schema_version": 13,'), /^manifest\.json is damaged \(it is no JSON: .+\); export the model/)
  refuses(Uint8Array.of(0x22, 0xff, 0x22), /no JSON/)
  refuses(bytesOf('[]'), /all of it should be an object and is \[\]/)
})

test('another schema version is refused, with what to do', () => {
  for (const version of [12, 14, '13', null]) {
    refuses(
      manifestBytes((manifest) => ({ ...manifest, schema_version: version })),
      new RegExp(`has schema version "?${version}"?, and this app reads 13; export the model again`),
    )
  }
})

test('another schema version is refused before anything else of the manifest is looked at', () => {
  refuses(bytesOf('{"schema_version": 14}'), /schema version 14/)
})

test('a kernel pack is said to be one, and where it is run', () => {
  refuses(bytesOf('{"schema": 1, "runtime": "tflite", "kernels": []}'), /^This is a kernel pack, .* on the Kernel pack/)
})

test('a field that is missing is refused by its place', () => {
  refuses(manifestBytes(({ weights: _, ...manifest }) => manifest), /weights is missing/)
  refuses(
    manifestBytes((manifest) => ({ ...manifest, model: { name: 'x', task: 'track' } })),
    /model\.image_size is missing/,
  )
})

test('a field of another type is refused by its place', () => {
  refuses(
    manifestBytes((manifest) => ({ ...manifest, weights: { kind: 'hub', trained: 'yes', card: null } })),
    /weights\.trained should be true or false and is "yes"/,
  )
  refuses(
    withTensors('encode_image', 'inputs', (tensor) => ({ ...tensor, shape: [1, 3, 0.5, 32] })),
    /graphs\[0\]\.inputs\[0\]\.shape\[2\] should be a whole number from 1 to \d+ and is 0\.5/,
  )
})

test('a path that leads out of the bundle is refused', () => {
  for (const path of ['../secret', '/etc/passwd', 'a//b', 'a/./b', 'a\\b', 'a\nb', 'https://example.org/a', '']) {
    refuses(
      manifestBytes((manifest) => ({ ...manifest, sequence: { file: path, frames: 24, objects: 2 } })),
      /sequence\.file is no path in a bundle/,
    )
  }
})

test('a list that no bundle has is refused', () => {
  const file = MANIFEST.files[0]
  refuses(
    manifestBytes((manifest) => ({ ...manifest, files: Array.from({ length: 10_001 }, () => file) })),
    /files has 10001 entries, and at most 10000 are taken/,
  )
})

test('a model that is no tracker is refused', () => {
  refuses(
    manifestBytes((manifest) => ({ ...manifest, model: { name: 'mobilevit_s', task: 'classify', image_size: 256 } })),
    /holds mobilevit_s, which is no tracker; export one/,
  )
})

test('a graph that is missing, unknown or there twice is refused', () => {
  const without = (name: string) => manifestBytes((manifest) => ({
    ...manifest, graphs: manifest.graphs.filter((graph) => graph.name !== name),
  }))
  refuses(without('track_step'), /the graph track_step is missing/)
  const [encode] = MANIFEST.graphs
  refuses(manifestBytes((manifest) => ({ ...manifest, graphs: [...manifest.graphs, encode] })), /is there twice/)
  refuses(
    manifestBytes((manifest) => ({ ...manifest, graphs: [...manifest.graphs, { ...encode, name: 'toString' }] })),
    /there is a graph toString, which no tracker has/,
  )
})

test('a graph that takes or gives something else is refused', () => {
  refuses(
    withTensors('encode_image', 'inputs', (tensor) => ({ ...tensor, name: 'picture' })),
    /encode_image takes picture, and should take image/,
  )
  refuses(
    withTensors('track_step', 'outputs', (tensor) => ({ ...tensor, name: tensor.name.replace('iou', 'quality') })),
    /track_step gives mask_logits, quality, .+, and should give mask_logits, iou, /,
  )
})

test('shapes that the image does not give are refused', () => {
  const withShape = (name: string, shape: readonly number[]) => (tensor: ManifestTensor) =>
    tensor.name === name ? { ...tensor, shape } : tensor
  refuses(
    withTensors('encode_image', 'inputs', withShape('image', [1, 3, 64, 64])),
    /image of encode_image has the shape \[1, 3, 64, 64\], and should have \[1, 3, 32, 32\]/,
  )
  refuses(withTensors('encode_image', 'outputs', withShape('features', [1, 8, 4, 4])), /of 32 pixels do not give/)
  refuses(withTensors('track_step', 'inputs', withShape('features', [1, 9, 2, 2])), /should have \[1, 8, 2, 2\]/)
  refuses(withTensors('track_step', 'outputs', withShape('mask_logits', [1, 1, 16, 16])), /should have \[1, 1, 8, 8\]/)
  refuses(
    manifestBytes((manifest) => ({ ...manifest, model: { ...manifest.model, image_size: 40 } })),
    /images of 40 pixels are no multiple of 16/,
  )
})

test('a tensor that fills the memory is refused', () => {
  refuses(
    withTensors('track_step', 'inputs', (tensor) => ({ ...tensor, shape: [2 ** 20, 2 ** 20] })),
    /features of track_step has 1099511627776 values, and at most 67108864 are taken/,
  )
})

test('a state of another shape than the input that it becomes is refused', () => {
  refuses(
    withTensors('prompt_points', 'outputs', (tensor) =>
      tensor.name === 'next_memory' ? { ...tensor, shape: [6, 4, 3] } : tensor),
    /memory of prompt_mask has the shape \[7, 4, 3\], and should have \[6, 4, 3\]/,
  )
})

test('a state that is not one to one is refused', () => {
  const withState = (state: Record<string, string>) => manifestBytes((manifest) => ({ ...manifest, state }))
  refuses(withState({ next_memory: 'memory', next_memory_valid: 'memory' }), /two outputs of its state are one input/)
  refuses(withState({ next_memory: 'memory' }), /gives .+ and should give .+ object_score, next_memory;/)
  refuses(withState({}), /it has no state/)
})

test('artefacts that are not those of the graphs are refused', () => {
  refuses(manifestBytes((manifest) => ({ ...manifest, artifacts: manifest.artifacts.slice(1) })), /one of each graph/)
  refuses(
    manifestBytes((manifest) => ({
      ...manifest,
      artifacts: manifest.artifacts.map((one) =>
        one.graph === 'track_step' ? { ...one, outputs: one.outputs.slice(1) } : one),
    })),
    /the onnx artefact of track_step takes or gives something else than the graph/,
  )
})

/** The manifest with a type of features in a graph, or in its artefact made in a format. */
const withType = (list: 'graphs' | 'artifacts', dtype: string, format = 'onnx') => {
  const made = ({ format: _, ...one }: Variant) => ({ ...one, format })
  return manifestBytes((manifest) => ({
    ...manifest,
    variants: manifest.variants.map(made),
    artifacts: manifest.artifacts.map((one) => ({ ...one, format })),
    [list]: manifest[list].map((one) => ({
      ...one, format, inputs: one.inputs.map((tensor) => tensor.name === 'features' ? { ...tensor, dtype } : tensor),
    })),
  }))
}

test('an artefact may be of half precision where a browser does not run its format', () => {
  const [, { inputs }] = parseManifest(withType('artifacts', 'float16', 'coreml')).artifacts as [unknown, ArtifactEntry]
  assert.equal(inputs[0]!.dtype, 'float16')
  for (const format of ['onnx', 'tflite']) {
    refuses(
      withType('artifacts', 'float16', format),
      new RegExp(`features of the ${format} artefact of prompt_points is float16, and a browser runs that format in float32`),
    )
  }
})

test('a graph is of single precision, and no artefact of any other', () => {
  refuses(withType('graphs', 'float16'), /graphs\[1\]\.inputs\[0\]\.dtype should be float32 and is "float16"/)
  refuses(withType('artifacts', 'int8'), /artifacts\[1\]\.inputs\[0\]\.dtype should be float32 or float16 or image and is "int8"/)
})

test('a file that is not listed, or of another size than its artefact, is refused', () => {
  refuses(
    manifestBytes((manifest) => ({
      ...manifest, files: manifest.files.filter(({ path }) => !path.includes('sequence')),
    })),
    /vectors\/sequence\.safetensors is not among its files/,
  )
  refuses(
    manifestBytes((manifest) => ({ ...manifest, artifacts: manifest.artifacts.map((one) => ({ ...one, bytes: 7 })) })),
    /onnx\/encode_image\.onnx has 22 bytes, and its artefact 7/,
  )
  refuses(manifestBytes((manifest) => ({ ...manifest, files: [...manifest.files, manifest.files[0]] })), /listed twice/)
})

test('an artefact may be a folder, as Core ML packages are', () => {
  const packaged = (path: string) => path.replace('onnx/track_step.onnx', 'onnx/track_step.onnx/weights.bin')
  const bytes = manifestBytes((manifest) => ({
    ...manifest,
    files: manifest.files.map((file) => ({ ...file, path: packaged(file.path) })),
  }))
  assert.equal(parseManifest(bytes).artifacts.length, 4)
})
