package dev.vitexport.core.bundle

import java.nio.ByteBuffer
import java.nio.ByteOrder
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue
import org.junit.Test

class SafetensorsTest {
    private fun fileOf(header: String, values: ByteArray, length: Long = header.length.toLong()): ByteArray =
        ByteBuffer.allocate(8 + header.length + values.size).order(ByteOrder.LITTLE_ENDIAN)
            .putLong(length).put(header.toByteArray()).put(values).array()

    private fun refuses(file: ByteArray, why: String) {
        val message = assertFailsWith<BundleException> { parseSafetensors(file, "vectors/a") }.message!!
        val sentence = Regex("""vectors/a is no safetensors file \(.+\); export the model again\.""")
        assertTrue(sentence.matches(message), message)
        assertContains(message, why)
    }

    private val values = byteArrayOf(0, 0, 0x80.toByte(), 0x3f, 0, 0, 0, 0xc0.toByte(), 7, 8, 9, -2, -1, -1, -1)

    @Test
    fun `tensors are read, whatever their places are multiples of`() {
        val header = """{"__metadata__": {"format": "np"},
            "numbers": {"dtype": "F32", "shape": [1, 2], "data_offsets": [0, 8]},
            "frames": {"dtype": "U8", "shape": [3], "data_offsets": [8, 11]},
            "places": {"dtype": "I32", "shape": [1], "data_offsets": [11, 15]}}"""
        val tensors = parseSafetensors(fileOf(header, values), "a")
        assertEquals(setOf("numbers", "frames", "places"), tensors.keys)
        val numbers = tensors.getValue("numbers")
        assertEquals(listOf(1, 2), numbers.shape)
        assertEquals(listOf(1f, -2f), List(2, numbers.values.asFloatBuffer()::get))
        assertEquals(listOf<Byte>(7, 8, 9), List(3, tensors.getValue("frames").values::get))
        assertEquals(-2, tensors.getValue("places").values.asIntBuffer().get(0))
    }

    @Test
    fun `a file that is too short is refused`() {
        refuses(byteArrayOf(1, 2, 3), "it is too short")
        refuses(fileOf("{}", byteArrayOf(), length = 3), "its header has 3 bytes")
    }

    @Test
    fun `a header of vectors that says it is larger than any is refused before it is read`() {
        refuses(fileOf("no header", byteArrayOf(), length = Long.MIN_VALUE), "its header has 9223372036854775808 bytes")
        refuses(fileOf("{}".padEnd(1 shl 21), byteArrayOf()), "its header has 2097152 bytes")
    }

    @Test
    fun `a header that is no table of tensors is refused`() {
        refuses(fileOf("""{"a":""", byteArrayOf()), "no JSON")
        refuses(
            fileOf("""{"a": {"dtype": "F64", "shape": [], "data_offsets": [0, 8]}}""", byteArrayOf()),
            "a.dtype should be F32 or I32 or U8",
        )
        refuses(
            fileOf("""{"a": {"dtype": "U8", "shape": [-1], "data_offsets": [0, 0]}}""", byteArrayOf()),
            "a.shape[0] should be a whole",
        )
    }

    @Test
    fun `vectors that do not lie in their file, or are not as many as their shape says, are refused`() {
        fun at(vararg offsets: Long): ByteArray {
            val header = """{"a": {"dtype": "U8", "shape": [3], "data_offsets": ${offsets.asList()}}}"""
            return fileOf(header, byteArrayOf(1, 2, 3))
        }
        assertEquals(1, parseSafetensors(at(0, 3), "a").size)
        val wrong = listOf(
            at(1, 4), at(0, 2), at(3, 0), at(0), at(), at(Long.MAX_VALUE - 3, Long.MAX_VALUE), at(Long.MAX_VALUE, 2),
        )
        for (file in wrong) refuses(file, "a does not lie where it should")
        refuses(at(-1, 2), "whole number")
        val most = "67108864, 67108864, 67108864, 67108864"
        refuses(
            fileOf("""{"a": {"dtype": "F32", "shape": [$most], "data_offsets": [0, 3]}}""", byteArrayOf(1, 2, 3)),
            "a does not lie where it should",
        )
    }
}
