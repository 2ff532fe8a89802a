/** What the app reads of a bundle's manifest (docs/manifest.schema.json has all of it). */

import type { TensorSpec } from '../runners/graph_runner.ts'

/** The one version of the manifest that this app reads. */
export const SCHEMA_VERSION = 10

/** What a tensor's numbers are. */
export type Kind =
  | 'image' | 'features' | 'points' | 'point_labels' | 'mask' | 'mask_logits' | 'score' | 'memory' | 'pointers' | 'flags'
  | 'class_scores' | 'label_scores'

export interface ManifestTensor extends TensorSpec {
  readonly kind: Kind
  readonly dtype: 'float32' | 'image'
}

export interface Variant {
  readonly format: string
  readonly precision: string
  readonly delegate: string | null
}

export interface GraphEntry {
  readonly name: string
  readonly inputs: readonly ManifestTensor[]
  readonly outputs: readonly ManifestTensor[]
  readonly vectors: string
}

export interface ArtifactEntry extends Variant {
  readonly graph: string
  readonly file: string
  readonly bytes: number
  readonly inputs: readonly ManifestTensor[]
  readonly outputs: readonly ManifestTensor[]
}

export interface FileEntry {
  readonly path: string
  readonly bytes: number
  readonly sha256: string
}

/** What a variant is expected to take on the bundle's target, in ms. */
export interface FrameLatency extends Variant {
  readonly latency: { readonly ms: number; readonly low: number; readonly high: number; readonly method: string } | null
}

export interface SequenceEntry {
  readonly file: string
  readonly frames: number
  readonly objects: number
}

export interface Manifest {
  readonly schema_version: typeof SCHEMA_VERSION
  readonly created: string
  readonly model: { readonly name: string; readonly task: string; readonly image_size: number }
  readonly weights: { readonly kind: string; readonly trained: boolean }
  readonly target: { readonly id: string; readonly name: string }
  readonly variants: readonly Variant[]
  readonly graphs: readonly GraphEntry[]
  readonly artifacts: readonly ArtifactEntry[]
  /** Output -> the input that it is in the next step */
  readonly state: Readonly<Record<string, string>>
  readonly sequence: SequenceEntry | null
  readonly latencies: readonly FrameLatency[]
  readonly files: readonly FileEntry[]
}
