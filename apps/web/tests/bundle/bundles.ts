/** A small tracker's bundle, written as the exporter writes one, for tests that change one thing in it. */

import { createHash } from 'node:crypto'

import type { Manifest, ManifestTensor } from '../../src/bundle/manifest.ts'

const SIZE = 32

const tensor = (name: string, kind: ManifestTensor['kind'], ...shape: number[]): ManifestTensor => ({
  name,
  kind,
  shape,
  dtype: 'float32',
})

const FEATURES = tensor('features', 'features', 1, 8, SIZE / 16, SIZE / 16)
const STATE = [tensor('memory', 'memory', 7, 4, 3), tensor('memory_valid', 'flags', 7)]
const FOUND = [
  tensor('mask_logits', 'mask_logits', 1, 1, SIZE / 4, SIZE / 4),
  tensor('iou', 'score', 1, 1),
  tensor('object_score', 'score', 1, 1),
  ...STATE.map((one) => ({ ...one, name: `next_${one.name}` })),
]
const GRAPHS = {
  encode_image: [[tensor('image', 'image', 1, 3, SIZE, SIZE)], [FEATURES]],
  prompt_points: [[FEATURES, tensor('points', 'points', 1, 4, 2), tensor('labels', 'point_labels', 1, 4)], FOUND],
  prompt_mask: [[FEATURES, tensor('mask', 'mask', 1, 1, SIZE, SIZE)], FOUND],
  track_step: [[FEATURES, ...STATE], FOUND],
} as const

/** Path -> content; no graph that runs, which none of these tests needs */
const CONTENTS = new Map([
  ...Object.keys(GRAPHS).flatMap((graph) => [
    [`onnx/${graph}.onnx`, `the graph ${graph}`] as const,
    [`vectors/${graph}.safetensors`, `the vectors of ${graph}`] as const,
  ]),
  ['vectors/sequence.safetensors', 'the sequence'],
  ['report.html', '<html>'],
])

const VARIANT = { format: 'onnx', precision: 'fp32', delegate: null }

export const MANIFEST: Manifest = {
  schema_version: 13,
  created: '2026-01-02T03:04:05+00:00',
  model: { name: 'efficienttam_nano_32x32', task: 'track', image_size: SIZE },
  weights: { kind: 'seeded', trained: false, card: null },
  target: { id: 'pixel8', name: 'Pixel 8', platform: 'android' },
  variants: [VARIANT],
  graphs: Object.entries(GRAPHS).map(([name, [inputs, outputs]]) => ({
    name, inputs, outputs, vectors: `vectors/${name}.safetensors`,
  })),
  artifacts: Object.entries(GRAPHS).map(([graph, [inputs, outputs]]) => ({
    ...VARIANT, graph, inputs, outputs, file: `onnx/${graph}.onnx`, bytes: `the graph ${graph}`.length,
  })),
  state: { next_memory: 'memory', next_memory_valid: 'memory_valid' },
  sequence: { file: 'vectors/sequence.safetensors', frames: 24, objects: 2 },
  latencies: [{ ...VARIANT, unit: 'cpu', latency: null }],
  files: [...CONTENTS].map(([path, content]) => ({ path, bytes: content.length, sha256: digest(bytesOf(content)) })),
}

/** What `change` makes of the manifest, as the bytes of a file. */
export function manifestBytes(change: (manifest: Manifest) => unknown = (same) => same): Uint8Array<ArrayBuffer> {
  return bytesOf(JSON.stringify(change(MANIFEST)))
}

/** All files of a bundle by their paths, sealed with the checksum of its manifest. */
export function bundleFiles(manifest = manifestBytes()): Map<string, Uint8Array<ArrayBuffer>> {
  return new Map([
    ['manifest.json', manifest],
    ['SHA256SUMS', bytesOf(`${digest(manifest)}  manifest.json\n`)],
    ...[...CONTENTS].map(([path, content]) => [path, bytesOf(content)] as const),
  ])
}

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text)
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
