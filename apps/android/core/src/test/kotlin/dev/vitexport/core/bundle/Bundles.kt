/** A small tracker's bundle, written as the exporter writes one, for tests that change one thing in it. */
package dev.vitexport.core.bundle

import java.io.InputStream
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive

/** Files in memory; how many bytes were read of them is counted. */
class MemorySource(private val files: Map<String, ByteArray>) : BundleSource {
    var opened = mutableListOf<String>()

    override fun open(path: String): InputStream? = files[path]?.inputStream()?.also { opened += path }
}

private const val SIZE = 32

/** Kotlin's values as JSON */
fun json(value: Any?): JsonElement = when (value) {
    null -> JsonNull
    is JsonElement -> value
    is Map<*, *> -> JsonObject(value.entries.associate { (key, one) -> key as String to json(one) })
    is List<*> -> JsonArray(value.map(::json))
    is String -> JsonPrimitive(value)
    is Number -> JsonPrimitive(value)
    is Boolean -> JsonPrimitive(value)
    else -> throw IllegalArgumentException("$value is no JSON")
}

private fun tensor(name: String, kind: String, vararg shape: Int) =
    json(mapOf("name" to name, "kind" to kind, "shape" to shape.asList(), "dtype" to "float32"))

private val FEATURES = tensor("features", "features", 1, 8, SIZE / 16, SIZE / 16)
private val STATE = listOf(tensor("memory", "memory", 7, 4, 3), tensor("memory_valid", "flags", 7))
private val FOUND = listOf(
    tensor("mask_logits", "mask_logits", 1, 1, SIZE / 4, SIZE / 4),
    tensor("iou", "score", 1, 1),
    tensor("object_score", "score", 1, 1),
    tensor("next_memory", "memory", 7, 4, 3),
    tensor("next_memory_valid", "flags", 7),
)
private val GRAPHS = mapOf(
    "encode_image" to (listOf(tensor("image", "image", 1, 3, SIZE, SIZE)) to listOf(FEATURES)),
    "prompt_points" to
        (listOf(FEATURES, tensor("points", "points", 1, 4, 2), tensor("labels", "point_labels", 1, 4)) to FOUND),
    "prompt_mask" to (listOf(FEATURES, tensor("mask", "mask", 1, 1, SIZE, SIZE)) to FOUND),
    "track_step" to (listOf(FEATURES) + STATE to FOUND),
)

/** Path -> content; no graph that runs, which none of these tests needs */
private val CONTENTS: Map<String, ByteArray> = GRAPHS.keys.flatMap {
    listOf("tflite/$it.tflite" to "the graph $it", "vectors/$it.safetensors" to "the vectors of $it")
}.plus(listOf("vectors/sequence.safetensors" to "the sequence", "report.html" to "<html>"))
    .associate { (path, content) -> path to content.toByteArray() }

private val VARIANT = mapOf("format" to "tflite", "precision" to "fp32", "delegate" to null)

val MANIFEST_JSON: JsonObject = json(
    mapOf(
        "schema_version" to 13,
        "created" to "2026-01-02T03:04:05+00:00",
        "model" to mapOf("name" to "efficienttam_nano_32x32", "task" to "track", "image_size" to SIZE),
        "weights" to mapOf("kind" to "seeded", "trained" to false, "card" to null),
        "target" to mapOf("id" to "pixel8", "name" to "Pixel 8", "platform" to "android"),
        "variants" to listOf(VARIANT),
        "graphs" to GRAPHS.map { (name, tensors) ->
            mapOf(
                "name" to name, "inputs" to tensors.first, "outputs" to tensors.second,
                "vectors" to "vectors/$name.safetensors",
            )
        },
        "artifacts" to GRAPHS.map { (name, tensors) ->
            VARIANT + mapOf(
                "graph" to name, "file" to "tflite/$name.tflite", "bytes" to "the graph $name".length,
                "inputs" to tensors.first, "outputs" to tensors.second,
            )
        },
        "state" to mapOf("next_memory" to "memory", "next_memory_valid" to "memory_valid"),
        "sequence" to mapOf("file" to "vectors/sequence.safetensors", "frames" to 24, "objects" to 2),
        "latencies" to listOf(VARIANT + mapOf("unit" to "cpu", "latency" to null)),
        "files" to CONTENTS.map { (path, content) ->
            mapOf("path" to path, "bytes" to content.size, "sha256" to sha256(content))
        },
    ),
) as JsonObject

/** The manifest as the bytes of a file, with other fields in place of its own. */
fun manifestBytes(vararg changes: Pair<String, Any?>): ByteArray = bytesOf(MANIFEST_JSON.with(*changes))

val MANIFEST_OF_TESTS: Manifest = parseManifest(manifestBytes())

fun bytesOf(value: JsonElement): ByteArray = Json.encodeToString(value).toByteArray()

fun JsonObject.with(vararg changes: Pair<String, Any?>) =
    JsonObject(this + changes.associate { it.first to json(it.second) })

/** Entries of a list of the manifest, each an object */
fun entries(field: String): List<JsonObject> = (MANIFEST_JSON[field] as JsonArray).map { it as JsonObject }

fun JsonObject.text(field: String): String = (getValue(field) as JsonPrimitive).content

/** All files of a bundle by their paths, sealed with the checksum of its manifest. */
fun bundleFiles(manifest: ByteArray = manifestBytes()): Map<String, ByteArray> =
    CONTENTS + mapOf("manifest.json" to manifest, "SHA256SUMS" to "${sha256(manifest)}  manifest.json\n".toByteArray())

fun opened(files: Map<String, ByteArray> = bundleFiles()): Bundle = Bundle.open(MemorySource(files))
