/**
 * Whether a manifest is that of a tracker, whoever wrote it: the graphs, their tensors, and the state between frames.
 * All that runs a bundle relies on this, and checks nothing of it again.
 */
package dev.vitexport.core.bundle

import dev.vitexport.core.runners.TensorSpec
import dev.vitexport.core.runners.elements
import dev.vitexport.core.tracker.POINTS

/** Pixels of the image for each token of its features, and for each mask logit */
private const val PATCH = 16
private const val LOGIT = 4

private class Signature(val inputs: List<String>, val outputs: List<String>)

/** The graphs of a tracker, whose state is this */
private fun signatures(state: Map<String, String>): Map<String, Signature> {
    val found = listOf("mask_logits", "iou", "object_score") + state.keys
    val step = Signature(listOf("features") + state.values, found)
    return mapOf(
        "encode_image" to Signature(listOf("image"), listOf("features")),
        "prompt_points" to Signature(listOf("features", "points", "labels"), found),
        "prompt_mask" to Signature(listOf("features", "mask"), found),
        "track_first" to step,
        "track_step" to step,
    )
}

/** Only models that pool their memory have it */
private const val MAY_LACK = "track_first"

/** The first thing in a manifest that is no tracker's, in words; null if all fits. */
internal fun contradiction(manifest: Manifest): String? =
    ofState(manifest) ?: ofGraphs(manifest) ?: ofShapes(manifest) ?: ofArtifacts(manifest) ?: ofFiles(manifest)

private fun ofState(manifest: Manifest): String? {
    val inputs = manifest.state.values
    if (inputs.isEmpty()) return "it has no state"
    return if (inputs.toSet().size < inputs.size) "two outputs of its state are one input of the next step" else null
}

private fun ofGraphs(manifest: Manifest): String? {
    val wanted = signatures(manifest.state)
    val names = manifest.graphs.map { it.name }
    wanted.keys.find { it != MAY_LACK && it !in names }?.let { return "the graph $it is missing" }
    if (names.toSet().size < names.size) return "a graph is there twice"
    for (graph in manifest.graphs) {
        val signature = wanted[graph.name] ?: return "there is a graph ${graph.name}, which no tracker has"
        if (!sameNames(graph.inputs, signature.inputs)) {
            return "${graph.name} takes ${namesOf(graph.inputs)}, and should take ${signature.inputs.joinToString()}"
        }
        if (!sameNames(graph.outputs, signature.outputs)) {
            return "${graph.name} gives ${namesOf(graph.outputs)}, and should give ${signature.outputs.joinToString()}"
        }
    }
    return null
}

/** Shapes are those that the image's size gives; features and states have one shape wherever they are. */
private fun ofShapes(manifest: Manifest): String? {
    val size = manifest.model.imageSize
    if (size % PATCH != 0) return "images of $size pixels are no multiple of $PATCH"
    val shapes = mutableMapOf(
        "image" to listOf(1, 3, size, size),
        "points" to listOf(1, POINTS, 2),
        "labels" to listOf(1, POINTS),
        "mask" to listOf(1, 1, size, size),
        "mask_logits" to listOf(1, 1, size / LOGIT, size / LOGIT),
        "iou" to listOf(1, 1),
        "object_score" to listOf(1, 1),
    )
    val tokens = listOf(size / PATCH, size / PATCH)
    for (graph in manifest.graphs) {
        for ((name, shape) in (graph.inputs + graph.outputs).map(ManifestTensor::spec)) {
            val values = elements(shape)
            if (values > VALUES) return "$name of ${graph.name} has $values values, and at most $VALUES are taken"
            if (name == "features" && (shape.size != 4 || shape.takeLast(2) != tokens)) {
                return "features of ${graph.name} have the shape $shape, which images of $size pixels do not give"
            }
            val known = shapes.getOrPut(manifest.state[name] ?: name) { shape }
            if (known != shape) return "$name of ${graph.name} has the shape $shape, and should have $known"
        }
    }
    return null
}

private fun ofArtifacts(manifest: Manifest): String? {
    val made = manifest.artifacts.map { it.variant to it.graph }
    val wanted = manifest.variants.flatMap { variant -> manifest.graphs.map { variant to it.name } }
    if (!sameMembers(made, wanted)) return "its artefacts are not one of each graph in each variant"
    val graphs = manifest.graphs.associateBy { it.name }
    for (artifact in manifest.artifacts) {
        val graph = graphs.getValue(artifact.graph)
        if (!sameTensors(artifact.inputs, graph.inputs) || !sameTensors(artifact.outputs, graph.outputs)) {
            val format = artifact.variant.format
            return "the $format artefact of ${graph.name} takes or gives something else than the graph"
        }
        val half = (artifact.inputs + artifact.outputs).find { it.dtype == "float16" }
        if (half != null && isRun(artifact.variant.format)) {
            return "${half.spec.name} of the ${artifact.variant.format} artefact of ${graph.name} is float16, and this " +
                "app runs that format in float32"
        }
    }
    return null
}

private fun ofFiles(manifest: Manifest): String? {
    val sizes = manifest.files.associate { it.path to it.bytes }
    if (sizes.size < manifest.files.size) return "a file is listed twice"
    val paths = manifest.graphs.map { it.vectors } + listOfNotNull(manifest.sequence?.file)
    paths.find { it !in sizes }?.let { return "$it is not among its files" }
    for (artifact in manifest.artifacts) {
        val listed = sizes[artifact.file] ?: bytesWithin(manifest.files, artifact.file)
            ?: return "${artifact.file} is not among its files"
        if (listed != artifact.bytes) return "${artifact.file} has $listed bytes, and its artefact ${artifact.bytes}"
    }
    return null
}

/** Of all files of a package; null where there are none */
private fun bytesWithin(files: List<FileEntry>, folder: String): Long? =
    files.filter { it.path.startsWith("$folder/") }.ifEmpty { null }?.sumOf { it.bytes }

private fun sameNames(tensors: List<ManifestTensor>, names: List<String>) =
    sameMembers(tensors.map { it.spec.name }, names)

/** Whether two lists have the same members, each once */
private fun <T> sameMembers(one: List<T>, other: List<T>): Boolean {
    val members = one.toSet()
    return one.size == other.size && members.size == one.size && members == other.toSet()
}

/** Core ML takes an image where the graph has a tensor. */
private fun sameTensors(one: List<ManifestTensor>, other: List<ManifestTensor>) =
    one.map { it.spec to it.kind } == other.map { it.spec to it.kind }

private fun namesOf(tensors: List<ManifestTensor>) = tensors.joinToString { it.spec.name }.ifEmpty { "nothing" }
