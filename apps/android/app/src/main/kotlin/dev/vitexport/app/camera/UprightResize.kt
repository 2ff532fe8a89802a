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

class UprightResize(private val side: Int) {
    private val area = side * side
    private val planes = FloatArray(3 * area)
    private val lumaSums = IntArray(side)
    private val blueSums = IntArray(side)
    private val redSums = IntArray(side)
    private var row = ByteArray(0)

    /** Writes RGB 0–255 [1, 3, side, side] of a picture of any size, whose aspect is not kept. */
    fun write(picture: YuvPicture, into: FloatBuffer) {
        val halfWidth = (picture.width + 1) / 2
        val halfHeight = (picture.height + 1) / 2
        for (down in 0 until side) {
            sum(picture.luma, picture.width, picture.height, down, lumaSums)
            sum(picture.blueness, halfWidth, halfHeight, down, blueSums)
            sum(picture.redness, halfWidth, halfHeight, down, redSums)
            val lumaRows = cell(down, picture.height)
            val colourRows = cell(down, halfHeight)
            for (across in 0 until side) {
                val lumaCount = lumaRows * cell(across, picture.width)
                val colourCount = colourRows * cell(across, halfWidth)
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

    /** Sums of the values in each cell of the [down]th row of cells. */
    private fun sum(plane: YuvPlane, width: Int, height: Int, down: Int, sums: IntArray) {
        sums.fill(0)
        // The last row of a plane may end with its last value, not with its stride.
        val bytes = (width - 1) * plane.pixelStride + 1
        if (row.size < bytes) row = ByteArray(bytes)
        val first = first(down, height)
        for (line in first until first + cell(down, height)) {
            plane.buffer.position(line * plane.rowStride)
            plane.buffer.get(row, 0, bytes)
            for (across in 0 until side) {
                val start = first(across, width)
                var total = 0
                for (value in start until start + cell(across, width)) total += row[value * plane.pixelStride].toInt() and 0xff
                sums[across] += total
            }
        }
    }

    /** Where the cell begins that becomes the value at [place] of `side` */
    private fun first(place: Int, extent: Int): Int = place * extent / side

    /** How many values it has: one where the picture is smaller than the square */
    private fun cell(place: Int, extent: Int): Int = maxOf(1, first(place + 1, extent) - first(place, extent))

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
