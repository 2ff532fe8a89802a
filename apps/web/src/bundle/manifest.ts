/**
 * What the app reads of a bundle's manifest (docs/manifest.schema.json has all of it), and reading it: nothing of a
 * manifest is believed before it was held against its type here, and against the tracker contract.
 */

import type { TensorSpec } from '../runners/graph_runner.ts'
import { BundleError } from './bundle_error.ts'
import { fields, has, JsonError, list, number, oneOf, orNull, parseJson, record, text, truth, whole } from './json.ts'
import type { Read } from './json.ts'
import { FILES, FRAMES, IMAGE_SIZE, OBJECTS, VALUES } from './limits.ts'
import { contradiction } from './tracker_contract.ts'

/** The one version of the manifest that this app reads. */
export const SCHEMA_VERSION = 13

const KINDS = [
  'image', 'features', 'points', 'point_labels', 'mask', 'mask_logits', 'score', 'memory', 'pointers', 'flags',
  'class_scores', 'label_scores',
] as const

const DTYPES = ['float32', 'float16', 'image'] as const

/** What a tensor's numbers are. */
type Kind = (typeof KINDS)[number]

export interface ManifestTensor extends TensorSpec {
  readonly kind: Kind
  /** Of graphs always float32; artefacts have their own */
  readonly dtype: (typeof DTYPES)[number]
}

export interface Variant {
  readonly format: string
  readonly precision: string
  readonly delegate: string | null
}

interface GraphEntry {
  readonly name: string
  readonly inputs: readonly ManifestTensor[]
  readonly outputs: readonly ManifestTensor[]
  readonly vectors: string
}

export interface ArtifactEntry extends Variant {
  readonly graph: string
  /** A file, or a folder that is one package */
  readonly file: string
  readonly bytes: number
  readonly inputs: readonly ManifestTensor[]
  readonly outputs: readonly ManifestTensor[]
}

interface FileEntry {
  readonly path: string
  readonly bytes: number
  readonly sha256: string
}

/** What a variant is expected to take on the bundle's target, in ms. */
export interface FrameLatency extends Variant {
  /** Processor of the target, or 'all' where its runtime chooses */
  readonly unit: string
  readonly latency: { readonly ms: number; readonly low: number; readonly high: number; readonly method: string } | null
}

interface SequenceEntry {
  readonly file: string
  readonly frames: number
  readonly objects: number
}

export interface Manifest {
  readonly schema_version: typeof SCHEMA_VERSION
  readonly created: string
  readonly model: { readonly name: string; readonly task: string; readonly image_size: number }
  readonly weights: {
    readonly kind: string
    readonly trained: boolean
    /** What is known of weights that come with vitexport */
    readonly card: { readonly license: string } | null
  }
  readonly target: { readonly id: string; readonly name: string; readonly platform: string }
  readonly variants: readonly Variant[]
  readonly graphs: readonly GraphEntry[]
  readonly artifacts: readonly ArtifactEntry[]
  /** Output -> the input that it is in the next step */
  readonly state: Readonly<Record<string, string>>
  readonly sequence: SequenceEntry | null
  readonly latencies: readonly FrameLatency[]
  readonly files: readonly FileEntry[]
}

/**
 * The manifest of a tracker, from the bytes of manifest.json. Throws `BundleError`, in one sentence, for another schema
 * version, for a field that is missing or of another type, and for what contradicts itself or the tracker contract.
 */
export function parseManifest(bytes: Uint8Array): Manifest {
  const manifest = typed(bytes)
  if (manifest.model.task !== 'track') {
    throw new BundleError(
      `The bundle holds ${manifest.model.name}, which is no tracker; export one, such as efficienttam_nano.`,
    )
  }
  const found = contradiction(manifest)
  if (found !== null) throw new BundleError(`manifest.json does not fit a tracker: ${found}; export the model again.`)
  return manifest
}

function typed(bytes: Uint8Array): Manifest {
  try {
    const value = parseJson(bytes)
    if (has(value, 'kernels') && !has(value, 'schema_version')) {
      throw new BundleError('This is a kernel pack, and no bundle; run it on the Kernel pack screen.')
    }
    const { schema_version: version } = fields<{ schema_version: unknown }>({ schema_version: (one) => one })(value, '')
    if (version !== SCHEMA_VERSION) {
      throw new BundleError(
        `manifest.json has schema version ${JSON.stringify(version).slice(0, 20)}, and this app reads ` +
          `${SCHEMA_VERSION}; export the model again, with the vitexport that the app is from.`,
      )
    }
    return MANIFEST(value, '')
  } catch (error) {
    if (error instanceof JsonError) {
      throw new BundleError(`manifest.json is damaged (${error.message}); export the model again.`)
    }
    throw error
  }
}

/** Folders in folders, with the file */
const DEPTH = 20
const PATH_LENGTH = 1000

/** A path that does not lead out of the bundle, and that every system can have */
const innerPath: Read<string> = (value, place) => {
  const path = text(value, place)
  const parts = path.split('/')
  const leadsOut = parts.some((part) => part === '' || part === '.' || part === '..')
  if (leadsOut || parts.length > DEPTH || path.length > PATH_LENGTH || /[\\\p{Cc}\p{Cf}]/u.test(path)) {
    throw new JsonError(`${place} is no path in a bundle`)
  }
  return path
}

const digest: Read<string> = (value, place) => {
  if (typeof value !== 'string' || !/^[0-9a-f]{64}$/.test(value)) throw new JsonError(`${place} is no SHA-256`)
  return value
}

/** No number of anything is larger */
const amount = whole(0, 2 ** 50)

const MOST_VARIANTS = 100
const MOST_GRAPHS = 100
const MOST_TENSORS = 100
const MOST_RANK = 6

const VARIANT = { format: text, precision: text, delegate: orNull(text) }

const tensorsOf = (...dtypes: readonly ManifestTensor['dtype'][]) => list(
  fields<ManifestTensor>({
    name: text,
    shape: list(whole(1, VALUES), MOST_RANK),
    dtype: oneOf(...dtypes),
    kind: oneOf(...KINDS),
  }),
  MOST_TENSORS,
)
const tensors = tensorsOf('float32')
const tensorsOfFiles = tensorsOf(...DTYPES)

const MANIFEST = fields<Manifest>({
  schema_version: oneOf(SCHEMA_VERSION),
  created: text,
  model: fields<Manifest['model']>({ name: text, task: text, image_size: whole(1, IMAGE_SIZE) }),
  weights: fields<Manifest['weights']>({ kind: text, trained: truth, card: orNull(fields({ license: text })) }),
  target: fields<Manifest['target']>({ id: text, name: text, platform: text }),
  variants: list(fields<Variant>(VARIANT), MOST_VARIANTS),
  graphs: list(fields<GraphEntry>({ name: text, inputs: tensors, outputs: tensors, vectors: innerPath }), MOST_GRAPHS),
  artifacts: list(
    fields<ArtifactEntry>({
      ...VARIANT,
      graph: text,
      file: innerPath,
      bytes: amount,
      inputs: tensorsOfFiles,
      outputs: tensorsOfFiles,
    }),
    MOST_VARIANTS * MOST_GRAPHS,
  ),
  state: record(text),
  sequence: orNull(
    fields<SequenceEntry>({ file: innerPath, frames: whole(1, FRAMES), objects: whole(1, OBJECTS) }),
  ),
  latencies: list(
    fields<FrameLatency>({
      ...VARIANT,
      unit: text,
      latency: orNull(
        fields<NonNullable<FrameLatency['latency']>>({ ms: number, low: number, high: number, method: text }),
      ),
    }),
    MOST_VARIANTS,
  ),
  files: list(fields<FileEntry>({ path: innerPath, bytes: amount, sha256: digest }), FILES),
})
