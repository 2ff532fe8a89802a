/**
 * Turns a camera's picture upright and shrinks it to the square that graphs take, in one pass and in memory that is
 * taken once. Each value is the mean of the pixels that it stands for, so turning before or after is the same.
 */
package dev.vitexport.app.camera

import java.nio.ByteBuffer
import java.nio.FloatBuffer

/** A plane of [YuvPicture]: bytes of a row [rowStride] apart from those of the next, values [pixelStride] apart. */
interface YuvPlane {
    val buffer: ByteBuffer
    val rowStride: Int
    val pixelStride: Int
}

/** Luma [height, width] and two planes of colour of half its size each way (YUV 4:2:0, full range, BT.601). */
interface YuvPicture {
    val width: Int
    val height: Int
    val luma: YuvPlane
    val blueness: YuvPlane
    val redness: YuvPlane

    /** By which it is turned clockwise to be upright: 0, 90, 180 or 270 */
    val degrees: Int
}

/** A picture that holds memory of the camera's until it is closed */
interface Picture : YuvPicture, AutoCloseable {
    /** When it came from the camera, in ns of `System.nanoTime` */
    val arrived: Long

    override fun close()
}

class UprightResize(private val side: Int) {
    private val area = side * side
    private val planes = FloatArray(3 * area)
    private val lumaSums = IntArray(side)
    private val blueSums = IntArray(side)
    private val redSums = IntArray(side)
    private var row = ByteArray(0)

    // Of the last picture's size, which seldom changes:
    private var columns = Cells(side, 1)
    private var rows = Cells(side, 1)
    private var halfColumns = Cells(side, 1)
    private var halfRows = Cells(side, 1)

    /** Writes RGB 0–255 [1, 3, side, side] of a picture of any size, whose aspect is not kept. */
    fun write(picture: YuvPicture, into: FloatBuffer) {
        divide(picture.width, picture.height)
        for (down in 0 until side) {
            sum(picture.luma, columns, rows, down, lumaSums)
            sum(picture.blueness, halfColumns, halfRows, down, blueSums)
            sum(picture.redness, halfColumns, halfRows, down, redSums)
            for (across in 0 until side) {
                val lumaCount = rows.counts[down] * columns.counts[across]
                val colourCount = halfRows.counts[down] * halfColumns.counts[across]
                val luma = lumaSums[across].toFloat() / lumaCount
                val blue = blueSums[across].toFloat() / colourCount - 128f
                val red = redSums[across].toFloat() / colourCount - 128f
                val place = upright(across, down, picture.degrees)
                planes[place] = within(luma + 1.402f * red)
                planes[area + place] = within(luma - 0.344136f * blue - 0.714136f * red)
                planes[2 * area + place] = within(luma + 1.772f * blue)
            }
        }
        into.rewind()
        into.put(planes)
        into.rewind()
    }

    private fun divide(width: Int, height: Int) {
        if (columns.extent == width && rows.extent == height) return
        columns = Cells(side, width)
        rows = Cells(side, height)
        halfColumns = Cells(side, (width + 1) / 2)
        halfRows = Cells(side, (height + 1) / 2)
    }

    /** Sums of the values in each cell of the [down]th row of cells. */
    private fun sum(plane: YuvPlane, columns: Cells, rows: Cells, down: Int, sums: IntArray) {
        sums.fill(0)
        val stride = plane.pixelStride
        val buffer = plane.buffer
        // The last row of a plane may end with its last value, not with its stride.
        val bytes = (columns.extent - 1) * stride + 1
        if (row.size < bytes) row = ByteArray(bytes)
        for (line in rows.starts[down] until rows.starts[down] + rows.counts[down]) {
            buffer.position(line * plane.rowStride)
            buffer.get(row, 0, bytes)
            for (across in 0 until side) {
                val start = columns.starts[across]
                var total = 0
                for (value in start until start + columns.counts[across]) total += row[value * stride].toInt() and 0xff
                sums[across] += total
            }
        }
    }

    /** Where a cell of the sensor's picture lies in the upright square */
    private fun upright(across: Int, down: Int, degrees: Int): Int {
        val last = side - 1
        return when (degrees) {
            0 -> down * side + across
            90 -> across * side + last - down
            180 -> (last - down) * side + last - across
            else -> (last - across) * side + down
        }
    }

    private fun within(value: Float): Float = value.coerceIn(0f, 255f)
}

/** [extent] pixels in [side] cells, each of at least one: where the picture is smaller, cells share theirs. */
private class Cells(side: Int, val extent: Int) {
    val starts = IntArray(side) { it * extent / side }
    val counts = IntArray(side) { maxOf(1, (it + 1) * extent / side - starts[it]) }
}
