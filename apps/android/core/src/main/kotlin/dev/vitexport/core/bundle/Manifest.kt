package dev.vitexport.core.bundle

import dev.vitexport.core.runners.TensorSpec

/** The one version of the manifest that this app reads. */
const val SCHEMA_VERSION = 13

/** What the app reads of a bundle's manifest; docs/manifest.schema.json has all of it. */
data class Manifest(
    val model: Model,
    val weights: Weights,
    val target: Target,
    val variants: List<Variant>,
    val graphs: List<GraphEntry>,
    val artifacts: List<ArtifactEntry>,
    /** Output -> the input that it is in the next step */
    val state: Map<String, String>,
    val sequence: SequenceEntry?,
    val latencies: List<FrameLatency>,
    val files: List<FileEntry>,
)

data class Model(val name: String, val task: String, val imageSize: Int)

/** `license` is that of weights that come with vitexport; null of others. */
data class Weights(val kind: String, val trained: Boolean, val license: String?)

data class Target(val id: String, val name: String, val platform: String)

data class Variant(val format: String, val precision: String, val delegate: String?)

/** `kind` is what the tensor's numbers are. `dtype` is float32 of graphs; of artefacts float16 or image as well. */
data class ManifestTensor(val spec: TensorSpec, val dtype: String, val kind: String)

data class GraphEntry(
    val name: String,
    val inputs: List<ManifestTensor>,
    val outputs: List<ManifestTensor>,
    val vectors: String,
)

/** `file` is a file, or a folder that is one package. */
data class ArtifactEntry(
    val variant: Variant,
    val graph: String,
    val file: String,
    val bytes: Long,
    val inputs: List<ManifestTensor>,
    val outputs: List<ManifestTensor>,
)

data class SequenceEntry(val file: String, val frames: Int, val objects: Int)

/** What a frame is expected to take on a unit of the bundle's target; `ms` is null where that is not known. */
data class FrameLatency(val variant: Variant, val unit: String, val ms: Double?)

data class FileEntry(val path: String, val bytes: Long, val sha256: String)
