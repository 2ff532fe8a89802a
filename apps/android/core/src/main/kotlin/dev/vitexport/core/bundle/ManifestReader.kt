/**
 * Reads manifest.json: nothing of it is believed before it was held against its type here, and against the tracker
 * contract.
 */
package dev.vitexport.core.bundle

import dev.vitexport.core.runners.TensorSpec
import java.nio.ByteBuffer

private val KINDS = setOf(
    "image", "features", "points", "point_labels", "mask", "mask_logits", "score", "memory", "pointers", "flags",
    "class_scores", "label_scores",
)
private val DTYPES = setOf("float32")
private val DTYPES_OF_FILES = setOf("float32", "float16", "image")

private const val MOST_VARIANTS = 100
private const val MOST_GRAPHS = 100
private const val MOST_TENSORS = 100
private const val MOST_RANK = 6

/** No number of anything is larger */
private const val AMOUNT = 1L shl 50

/** Folders in folders, with the file */
private const val DEPTH = 20
private const val PATH_LENGTH = 1000

private val SHA256 = Regex("[0-9a-f]{64}")
private val NO_PATH = Regex("""[\\\p{Cc}\p{Cf}]""")

/**
 * The manifest of a tracker, from the bytes of manifest.json. Throws [BundleException], in one sentence, for another
 * schema version, for a field that is missing or of another type, and for what contradicts itself or the tracker
 * contract.
 */
fun parseManifest(bytes: ByteArray): Manifest {
    val manifest = try {
        JsonValue.parse(ByteBuffer.wrap(bytes)).manifest()
    } catch (error: JsonException) {
        throw BundleException("manifest.json is damaged (${error.message}); export the model again.")
    }
    if (manifest.model.task != "track") {
        throw BundleException(
            "The bundle holds ${manifest.model.name}, which is no tracker; export one, such as efficienttam_nano.",
        )
    }
    contradiction(manifest)?.let {
        throw BundleException("manifest.json does not fit a tracker: $it; export the model again.")
    }
    return manifest
}

private fun JsonValue.manifest(): Manifest {
    val version = this["schema_version"]
    if (version.shown() != SCHEMA_VERSION.toString()) {
        throw BundleException(
            "manifest.json has schema version ${version.shown()}, and this app reads $SCHEMA_VERSION; export " +
                "the model again, with the vitexport that the app is from.",
        )
    }
    return Manifest(
        model = this["model"].run {
            Model(get("name").text(), get("task").text(), get("image_size").whole(1, IMAGE_SIZE))
        },
        weights = this["weights"].run {
            Weights(get("kind").text(), get("trained").truth(), get("card").orNull { get("license").text() })
        },
        target = this["target"].run { Target(get("id").text(), get("name").text(), get("platform").text()) },
        variants = this["variants"].list(MOST_VARIANTS) { variant() },
        graphs = this["graphs"].list(MOST_GRAPHS) { graph() },
        artifacts = this["artifacts"].list(MOST_VARIANTS * MOST_GRAPHS) { artifact() },
        state = this["state"].record { text() },
        sequence = this["sequence"].orNull {
            SequenceEntry(get("file").path(), get("frames").whole(1, FRAMES), get("objects").whole(1, OBJECTS))
        },
        latencies = this["latencies"].list(MOST_VARIANTS) {
            FrameLatency(variant(), get("unit").text(), get("latency").orNull { get("ms").number() })
        },
        files = this["files"].list(FILES) {
            FileEntry(get("path").path(), get("bytes").whole(0, AMOUNT), get("sha256").like(SHA256, "SHA-256"))
        },
    )
}

private fun JsonValue.variant() =
    Variant(this["format"].text(), this["precision"].text(), this["delegate"].orNull { text() })

private fun JsonValue.graph() =
    GraphEntry(
        this["name"].text(),
        this["inputs"].tensors(DTYPES),
        this["outputs"].tensors(DTYPES),
        this["vectors"].path(),
    )

private fun JsonValue.artifact() = ArtifactEntry(
    variant(),
    this["graph"].text(),
    this["file"].path(),
    this["bytes"].whole(0, AMOUNT),
    this["inputs"].tensors(DTYPES_OF_FILES),
    this["outputs"].tensors(DTYPES_OF_FILES),
)

private fun JsonValue.tensors(dtypes: Set<String>) = list(MOST_TENSORS) {
    val shape = get("shape").list(MOST_RANK) { whole(1, VALUES) }
    ManifestTensor(TensorSpec(get("name").text(), shape), get("dtype").oneOf(dtypes), get("kind").oneOf(KINDS))
}

/** A path that does not lead out of the bundle, and that every system can have */
private fun JsonValue.path(): String {
    val path = text()
    val parts = path.split('/')
    val leadsOut = parts.any { it.isEmpty() || it == "." || it == ".." }
    if (leadsOut || parts.size > DEPTH || path.length > PATH_LENGTH || NO_PATH.containsMatchIn(path)) {
        throw JsonException("$place is no path in a bundle")
    }
    return path
}
