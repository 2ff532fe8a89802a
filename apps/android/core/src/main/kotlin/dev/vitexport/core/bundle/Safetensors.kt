/** Reads safetensors: eight bytes that say how long the header is, the header, which is JSON, and the values. */
package dev.vitexport.core.bundle

import dev.vitexport.core.runners.elements
import java.nio.Buffer
import java.nio.ByteBuffer
import java.nio.ByteOrder

/** How a tensor's values lie in a file */
enum class StoredType(val bytes: Int) { F32(4), I32(4), U8(1) }

/** `values` are row-major, little-endian, a part of the file that is not copied. */
class StoredTensor(val type: StoredType, val shape: List<Int>, private val bytes: ByteBuffer) {
    val values: ByteBuffer get() = bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN)
}

private const val LENGTH_BYTES = 8
private const val MOST_RANK = 8

/** A table of words that may stand beside the tensors */
private const val METADATA = "__metadata__"

/** Tensors by name. Throws [BundleException], which names `path`, for a file whose header does not fit its values. */
fun parseSafetensors(file: ByteArray, path: String): Map<String, StoredTensor> = try {
    tensorsIn(ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN))
} catch (error: JsonException) {
    throw BundleException("$path is no safetensors file (${error.message}); export the model again.")
}

private fun tensorsIn(file: ByteBuffer): Map<String, StoredTensor> {
    if (file.capacity() < LENGTH_BYTES) throw JsonException("it is too short")
    val header = file.getLong(0).toULong()
    if (header > minOf(HEADER_BYTES, file.capacity().toLong() - LENGTH_BYTES).toULong()) {
        throw JsonException("its header has $header bytes")
    }
    val begin = LENGTH_BYTES + header.toInt()
    val values = file.part(begin, file.capacity())
    val entries = JsonValue.parse(file.part(LENGTH_BYTES, begin)).record { this }
    return (entries - METADATA).mapValues { (name, entry) -> entry.tensor(name, values) }
}

private fun JsonValue.tensor(name: String, values: ByteBuffer): StoredTensor {
    val type = StoredType.valueOf(this["dtype"].oneOf(StoredType.entries.map { it.name }))
    val shape = this["shape"].list(MOST_RANK) { whole(0, VALUES) }
    val offsets = this["data_offsets"].list(2) { whole(0, Long.MAX_VALUE) }
    val count = elements(shape)
    val fits = offsets.size == 2 && count <= VALUES && offsets[1] <= values.capacity() &&
        offsets[1] - offsets[0] == count * type.bytes
    if (!fits) throw JsonException("$name does not lie where it should")
    return StoredTensor(type, shape, values.part(offsets[0].toInt(), offsets[1].toInt()))
}

/** Called on `Buffer`, since that of Android 8 has no `ByteBuffer.position` that returns a `ByteBuffer`. */
private fun ByteBuffer.part(begin: Int, end: Int): ByteBuffer {
    val part = duplicate()
    (part as Buffer).limit(end).position(begin)
    return part.slice()
}
