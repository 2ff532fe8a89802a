/** What the app reads of a kernel pack's manifest (`latency_db/packs.py` has all of it). */
package dev.vitexport.core.packs

import dev.vitexport.core.bundle.JsonException
import dev.vitexport.core.bundle.JsonValue
import dev.vitexport.core.bundle.VALUES
import dev.vitexport.core.runners.ComputeUnit
import dev.vitexport.core.runners.TensorSpec
import dev.vitexport.core.runners.elements
import java.nio.ByteBuffer

/** A kernel of a pack. */
data class PackedKernel(
    /** What the latency database calls it */
    val key: String,
    /** Its artefact, within the pack */
    val file: String,
    val sha256: String,
    val inputs: List<TensorSpec>,
)

data class PackManifest(
    /** The format of its artefacts: tflite or executorch */
    val runtime: String,
    /** Whose fusion decided what the kernels are */
    val unit: ComputeUnit,
    val precision: String,
    /** In the order in which they are best measured */
    val kernels: List<PackedKernel>,
)

/** A pack that this app does not run, in one sentence. */
class PackException(message: String) : Exception(message)

/** Runtime -> the units on which this app times its kernels: of a GPU's outputs nothing is known before they are there */
private val RUNS = mapOf("tflite" to listOf(ComputeUnit.CPU), "executorch" to listOf(ComputeUnit.CPU))

/** The most kernels that a pack can have */
private const val KERNELS = 2000
private const val INPUTS = 16
private const val RANK = 8

private val FILE = Regex("""kernels/[a-z0-9_]+\.[a-z]+""")
private val SHA256 = Regex("[0-9a-f]{64}")

/** Throws [PackException] for what is no pack's manifest, and for a pack that this app does not run. */
fun parsePack(bytes: ByteArray): PackManifest = try {
    JsonValue.parse(ByteBuffer.wrap(bytes)).pack()
} catch (error: JsonException) {
    throw PackException(
        "This is no kernel pack that this app runs (${error.message}): make one with vitexport bench --pack " +
            "kernels.zip --target DEVICE --format tflite.",
    )
}

private fun JsonValue.pack(): PackManifest {
    this["schema"].whole(1, 1)
    val runtime = this["runtime"].oneOf(RUNS.keys)
    val units = RUNS.getValue(runtime)
    val unit = this["unit"].oneOf(units.map { it.word })
    val kernels = this["kernels"].list(KERNELS) { kernel() }
    if (kernels.isEmpty()) throw JsonException("kernels is empty")
    return PackManifest(runtime, units.first { it.word == unit }, this["precision"].text(), kernels)
}

private fun JsonValue.kernel() = PackedKernel(
    this["key"].text(),
    this["file"].like(FILE, "artefact of a pack"),
    this["sha256"].like(SHA256, "SHA-256"),
    this["inputs"].list(INPUTS) { input() },
)

private fun JsonValue.input(): TensorSpec {
    this["dtype"].oneOf(setOf("float32"))
    val shape = this["shape"].list(RANK) { whole(1, VALUES) }
    if (elements(shape) > VALUES) throw JsonException("${this["shape"].place} has more than $VALUES values")
    return TensorSpec(this["name"].text(), shape)
}
