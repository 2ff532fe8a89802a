/** Sequences as `exporter/verify/conformance.py` writes them, of numbers that count. */
package dev.vitexport.core.conformance

import dev.vitexport.core.bundle.SequenceEntry
import dev.vitexport.core.bundle.StoredType
import dev.vitexport.core.bundle.bytesOf
import dev.vitexport.core.bundle.json
import java.nio.ByteBuffer
import java.nio.ByteOrder

const val FRAMES = 6
const val SIZE = 16
const val SIDE = SIZE / 4
const val MASKS = 2 * FRAMES * SIDE * SIDE

class Tensor(val type: StoredType, val shape: List<Int>, val values: List<Number>)

/** Object 0 is prompted in the first frame, object 1 in the third and again in the fifth, with another point. */
fun sequenceTensors(maskLogits: List<Float>): Map<String, Tensor> {
    val bytes = SIZE * SIZE * 3
    val rest = List(6) { 0 }
    return mapOf(
        "input.frames" to
            Tensor(StoredType.U8, listOf(FRAMES, SIZE, SIZE, 3), List(FRAMES * bytes) { 10 + it / bytes }),
        "input.prompt_frame" to Tensor(StoredType.I32, listOf(3), listOf(0, 2, 4)),
        "input.prompt_object" to Tensor(StoredType.I32, listOf(3), listOf(0, 1, 1)),
        "input.points" to Tensor(
            StoredType.F32, listOf(3, 4, 2), listOf(1, 2, 3, 4, 0, 0, 0, 0, 5, 6) + rest + listOf(7, 8) + rest,
        ),
        "input.labels" to
            Tensor(StoredType.F32, listOf(3, 4), listOf(2, 3, -2, -2, 1, -2, -2, -2, 1, -2, -2, -2)),
        "output.mask_logits" to Tensor(StoredType.F32, listOf(2, FRAMES, 1, SIDE, SIDE), maskLogits),
    )
}

/** Of a file with these tensors */
fun sequenceOf(tensors: Map<String, Tensor>): Sequence =
    readSequence(safetensors(tensors), SequenceEntry("vectors/sequence.safetensors", FRAMES, 2), SIZE)

private fun safetensors(tensors: Map<String, Tensor>): ByteArray {
    val total = tensors.values.sumOf { it.values.size * it.type.bytes }
    val values = ByteBuffer.allocate(total).order(ByteOrder.LITTLE_ENDIAN)
    val header = bytesOf(
        json(
            tensors.mapValues { (_, tensor) ->
                val begin = values.position()
                tensor.values.forEach { values.put(tensor.type, it) }
                val offsets = listOf(begin, values.position())
                mapOf("dtype" to tensor.type.name, "shape" to tensor.shape, "data_offsets" to offsets)
            },
        ),
    )
    return ByteBuffer.allocate(8 + header.size + total).order(ByteOrder.LITTLE_ENDIAN)
        .putLong(header.size.toLong()).put(header).put(values.array()).array()
}

private fun ByteBuffer.put(type: StoredType, value: Number) {
    when (type) {
        StoredType.F32 -> putFloat(value.toFloat())
        StoredType.I32 -> putInt(value.toInt())
        StoredType.U8 -> put(value.toByte())
    }
}
