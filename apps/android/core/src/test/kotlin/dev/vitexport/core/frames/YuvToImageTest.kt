package dev.vitexport.core.frames

import dev.vitexport.core.runners.floats
import java.nio.ByteBuffer
import kotlin.math.abs
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import org.junit.Test

class YuvToImageTest {
    private fun plane(rowStride: Int, pixelStride: Int, vararg values: Int) = Plane(
        ByteBuffer.allocateDirect(values.size).apply { values.forEach { put(it.toByte()) } }, rowStride, pixelStride,
    )

    /** RGB of a frame of one colour */
    private fun colour(range: YuvRange, y: Int, cb: Int, cr: Int): List<Float> {
        val image = floats(3)
        YuvToImage(2, 2, 1, Rotation.NONE, range).write(
            plane(2, 1, y, y, y, y), plane(1, 1, cb), plane(1, 1, cr), image,
        )
        return List(3, image::get)
    }

    private fun assertColour(expected: List<Int>, actual: List<Float>) =
        assertTrue(expected.zip(actual).all { (one, other) -> abs(one - other) < 1f }, "$actual is not $expected")

    @Test
    fun `colours of full range are those of JPEG`() {
        // From R, G, B by Y = 0.299 R + 0.587 G + 0.114 B, Cb = (B − Y) / 1.772 + 128, Cr = (R − Y) / 1.402 + 128
        assertColour(listOf(0, 0, 0), colour(YuvRange.FULL, 0, 128, 128))
        assertColour(listOf(255, 255, 255), colour(YuvRange.FULL, 255, 128, 128))
        assertColour(listOf(254, 0, 0), colour(YuvRange.FULL, 76, 85, 255))
        assertColour(listOf(200, 100, 50), colour(YuvRange.FULL, 124, 86, 182))
    }

    @Test
    fun `colours of limited range are those of video`() {
        // The colour bars of 100 % in BT.601, 8 bits
        assertColour(listOf(0, 0, 0), colour(YuvRange.LIMITED, 16, 128, 128))
        assertColour(listOf(255, 255, 255), colour(YuvRange.LIMITED, 235, 128, 128))
        assertColour(listOf(255, 0, 0), colour(YuvRange.LIMITED, 81, 90, 240))
        assertColour(listOf(0, 255, 0), colour(YuvRange.LIMITED, 145, 54, 34))
        assertColour(listOf(0, 0, 255), colour(YuvRange.LIMITED, 41, 240, 110))
    }

    @Test
    fun `what is brighter than white is white`() {
        assertEquals(listOf(255f, 255f, 255f), colour(YuvRange.LIMITED, 255, 128, 128))
    }

    @Test
    fun `planes are read by their strides, interleaved as cameras have them, the last row without its padding`() {
        // 4 × 4 luma with rows of 6 bytes; 2 × 2 chroma, U and V interleaved, with rows of 6 bytes
        val luma = plane(
            6, 1,
            10, 10, 20, 20, 0, 0, 10, 10, 20, 20, 0, 0, 30, 30, 40, 40, 0, 0, 30, 30, 40, 40,
        )
        val u = plane(6, 2, 128, 255, 128, 255, 0, 0, 128, 255, 128)
        val v = plane(6, 2, 128, 255, 128, 255, 0, 0, 138, 255, 128)
        val image = floats(12)
        YuvToImage(4, 4, 2, Rotation.NONE).write(luma, u, v, image)
        val red = List(4, image::get)
        assertTrue(abs(red[0] - 10) < 1e-3 && abs(red[1] - 20) < 1e-3 && abs(red[3] - 40) < 1e-3, "$red")
        assertTrue(abs(red[2] - (30 + 14.02f)) < 1e-2, "only the lower left has Cr: $red")
    }

    @Test
    fun `chroma is turned with luma`() {
        val image = floats(12)
        YuvToImage(4, 4, 2, Rotation.RIGHT).write(
            plane(4, 1, *IntArray(16) { 100 }), plane(2, 1, 128, 128, 128, 128), plane(2, 1, 178, 128, 128, 128), image,
        )
        val red = List(4, image::get)
        assertEquals(1, red.indexOf(red.max()), "what was upper left is upper right: $red")
    }

    @Test
    fun `a frame of odd size is read to its last pixel`() {
        val image = floats(3)
        YuvToImage(3, 3, 1, Rotation.NONE).write(
            plane(3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 90),
            plane(2, 1, 128, 128, 128, 128),
            plane(2, 1, 128, 128, 128, 128),
            image,
        )
        assertTrue(abs(image.get(0) - 10f) < 1e-3)
    }
}
