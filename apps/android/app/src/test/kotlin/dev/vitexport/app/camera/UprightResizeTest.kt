package dev.vitexport.app.camera

import java.nio.ByteBuffer
import java.nio.FloatBuffer
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Test

private const val GREY = 128

class UprightResizeTest {
    @Test
    fun `each value is the mean of the pixels that it stands for`() {
        val picture = Yuv(4, 4, 0, byteArrayOf(10, 20, 30, 40, 30, 40, 50, 60, 1, 1, 2, 2, 1, 1, 2, 2))
        assertArrayEquals(floatArrayOf(25f, 45f, 1f, 2f), red(picture, 2), 0f)
    }

    @Test
    fun `a picture is turned clockwise until it is upright`() {
        val values = byteArrayOf(1, 2, 3, 4)
        val upright = mapOf(
            0 to floatArrayOf(1f, 2f, 3f, 4f),
            90 to floatArrayOf(3f, 1f, 4f, 2f),
            180 to floatArrayOf(4f, 3f, 2f, 1f),
            270 to floatArrayOf(2f, 4f, 1f, 3f),
        )
        for ((degrees, expected) in upright) assertArrayEquals("$degrees", expected, red(Yuv(2, 2, degrees, values), 2), 0f)
    }

    @Test
    fun `colours are those of full-range BT 601, in planes`() {
        val planes = planes(Yuv(2, 2, 0, ByteArray(4) { 76 }, blueness = 85, redness = 255), 1)
        assertEquals(254f, planes[0], 1f)
        assertEquals(0f, planes[1], 1f)
        assertEquals(0f, planes[2], 1f)
    }

    @Test
    fun `rows may be wider than the picture, and values of two planes may lie in turns`() {
        val plain = Yuv(4, 4, 0, ByteArray(16) { it.toByte() })
        val strided = Yuv(4, 4, 0, ByteArray(16) { it.toByte() }, rowGap = 3, colourStride = 2)
        assertArrayEquals(planes(plain, 2), planes(strided, 2), 0f)
    }

    @Test
    fun `a picture smaller than the square fills it`() {
        assertArrayEquals(floatArrayOf(5f, 5f, 5f, 5f), red(Yuv(1, 1, 0, byteArrayOf(5)), 2), 0f)
    }

    @Test
    fun `the next picture is written where the last one was`() {
        val resize = UprightResize(1)
        val into = FloatBuffer.allocate(3)
        resize.write(Yuv(2, 2, 0, ByteArray(4) { 100 }), into)
        resize.write(Yuv(2, 2, 0, ByteArray(4) { 7 }), into)
        assertEquals(7f, into.get(0), 0f)
        assertEquals(0, into.position())
    }

    private fun planes(picture: YuvPicture, side: Int): FloatArray {
        val into = FloatBuffer.allocate(3 * side * side)
        UprightResize(side).write(picture, into)
        return into.array()
    }

    private fun red(picture: YuvPicture, side: Int): FloatArray = planes(picture, side).copyOf(side * side)
}

/** A picture in memory, all of one colour; its last row ends with its last value, as cameras have it. */
private class Yuv(
    override val width: Int,
    override val height: Int,
    override val degrees: Int,
    values: ByteArray,
    blueness: Int = GREY,
    redness: Int = GREY,
    rowGap: Int = 0,
    colourStride: Int = 1,
) : YuvPicture {
    override val luma = Plane(width, height, rowGap, 1) { values[it] }
    override val blueness = Plane((width + 1) / 2, (height + 1) / 2, rowGap, colourStride) { blueness.toByte() }
    override val redness = Plane((width + 1) / 2, (height + 1) / 2, rowGap, colourStride) { redness.toByte() }
}

private class Plane(
    width: Int, height: Int, rowGap: Int, override val pixelStride: Int, value: (Int) -> Byte,
) : YuvPlane {
    override val rowStride = width * pixelStride + rowGap
    override val buffer: ByteBuffer = ByteBuffer.allocate((height - 1) * rowStride + (width - 1) * pixelStride + 1)

    init {
        for (y in 0 until height) for (x in 0 until width) {
            buffer.put(y * rowStride + x * pixelStride, value(y * width + x))
        }
    }
}
