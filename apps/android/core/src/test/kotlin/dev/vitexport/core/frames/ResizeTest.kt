package dev.vitexport.core.frames

import dev.vitexport.core.runners.floats
import java.nio.ByteBuffer
import kotlin.math.abs
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue
import org.junit.Test

private fun assertNear(expected: List<Float>, actual: List<Float>, within: Float = 1e-3f) {
    assertEquals(expected.size, actual.size)
    assertTrue(expected.zip(actual).all { (one, other) -> abs(one - other) <= within }, "$actual is not $expected")
}

/** The values of one colour of an image [1, 3, side, side] */
private fun java.nio.FloatBuffer.colour(index: Int) = List(capacity() / 3) { get(index * capacity() / 3 + it) }

class ResizeTest {
    /** Grey pixels, row by row, as RGBA */
    private fun grey(vararg values: Int): ByteBuffer = ByteBuffer.allocateDirect(4 * values.size).apply {
        for (value in values) repeat(4) { put(value.toByte()) }
    }

    /** The red plane of what becomes of grey pixels */
    private fun resized(width: Int, height: Int, size: Int, rotation: Rotation, vararg values: Int): List<Float> {
        val image = floats(3 * size * size)
        RgbaToImage(width, height, size, rotation).write(grey(*values), image)
        assertEquals(image.colour(0), image.colour(1))
        return image.colour(0)
    }

    @Test
    fun `a picture that shrinks is averaged, and none of its pixels is skipped`() {
        val values = intArrayOf(0, 10, 20, 30, 40, 50, 60, 70, 100, 110, 120, 130, 140, 150, 160, 255)
        assertNear(listOf(25f, 45f, 125f, 166.25f), resized(4, 4, 2, Rotation.NONE, *values))
    }

    @Test
    fun `a pixel that lies in two of the smaller picture counts to each by its part`() {
        // Three columns become two: each has one and a half.
        assertNear(
            listOf((30f + 60f / 2) / 1.5f, (60f / 2 + 90f) / 1.5f).let { it + it },
            resized(3, 2, 2, Rotation.NONE, 30, 60, 90, 30, 60, 90),
        )
    }

    @Test
    fun `a picture that grows has its pixels in their places`() {
        val four = listOf(1f, 1f, 2f, 2f, 1f, 1f, 2f, 2f, 3f, 3f, 4f, 4f, 3f, 3f, 4f, 4f)
        assertNear(four, resized(2, 2, 4, Rotation.NONE, 1, 2, 3, 4))
    }

    @Test
    fun `a frame is turned upright before it is resized`() {
        // 1 2 turned to the right is 3 1
        // 3 4                        4 2
        assertNear(listOf(1f, 2f, 3f, 4f), resized(2, 2, 2, Rotation.NONE, 1, 2, 3, 4))
        assertNear(listOf(3f, 1f, 4f, 2f), resized(2, 2, 2, Rotation.RIGHT, 1, 2, 3, 4))
        assertNear(listOf(4f, 3f, 2f, 1f), resized(2, 2, 2, Rotation.HALF, 1, 2, 3, 4))
        assertNear(listOf(2f, 4f, 1f, 3f), resized(2, 2, 2, Rotation.LEFT, 1, 2, 3, 4))
    }

    @Test
    fun `a wide frame that is turned is a high one that is resized`() {
        // 1 2 3 4  turned to the right:  5 1
        // 5 6 7 8                        6 2
        //                                7 3
        //                                8 4
        val turned = resized(2, 4, 2, Rotation.NONE, 5, 1, 6, 2, 7, 3, 8, 4)
        assertNear(turned, resized(4, 2, 2, Rotation.RIGHT, 1, 2, 3, 4, 5, 6, 7, 8))
        assertNear(listOf(5.5f, 1.5f, 7.5f, 3.5f), turned)
    }

    @Test
    fun `colours come in planes, and rows may be padded`() {
        val padded = ByteBuffer.allocateDirect(12 + 8)
        padded.put(byteArrayOf(1, 2, 3, 0, 4, 5, 6, 0, 99, 99, 99, 99, 7, 8, 9, 0, 10, 11, 12, 0))
        val image = floats(12)
        RgbaToImage(2, 2, 2).write(padded, image, rowStride = 12)
        assertEquals(listOf(1f, 4f, 7f, 10f), image.colour(0))
        assertEquals(listOf(2f, 5f, 8f, 11f), image.colour(1))
        assertEquals(listOf(3f, 6f, 9f, 12f), image.colour(2))
    }

    @Test
    fun `degrees are those of a camera's sensor`() {
        assertEquals(
            listOf(Rotation.NONE, Rotation.RIGHT, Rotation.HALF, Rotation.LEFT, Rotation.LEFT, Rotation.NONE),
            listOf(0, 90, 180, 270, -90, 360).map(Rotation::of),
        )
        assertFailsWith<IllegalArgumentException> { Rotation.of(45) }
    }
}
