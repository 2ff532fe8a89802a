package dev.vitexport.core.frames

import java.nio.Buffer
import java.nio.ByteBuffer

/**
 * Resizes one channel of a picture of `width` × `height` bytes to `size` × `size` floats, each the mean of the area
 * that it covers, parts of pixels by their part. All tables are made here, so that a frame takes no memory. One thread at
 * a time.
 */
internal class AreaAverage(private val width: Int, private val height: Int, private val size: Int) {
    private val columns = Coverage(width, size)
    private val rows = Coverage(height, size)
    private val sums = FloatArray(size)
    private val averaged = FloatArray(size)
    private var bytes = ByteArray(0)

    /** The row that `averaged` has the columns of; −1 where none */
    private var averagedRow = -1

    /**
     * The channel begins `offset` bytes into `plane`, whose rows are `rowStride` bytes apart and whose pixels
     * `pixelStride`; its position is moved. `out` [size, size] is written.
     */
    fun average(plane: ByteBuffer, offset: Int, rowStride: Int, pixelStride: Int, out: FloatArray) {
        // The last row of a camera's plane ends with its last pixel, without the rest of its stride.
        val rowBytes = (width - 1) * pixelStride + 1
        if (bytes.size < rowBytes) bytes = ByteArray(rowBytes)
        averagedRow = -1
        for (target in 0 until size) {
            sums.fill(0f)
            for (place in rows.begins[target] until rows.begins[target + 1]) {
                val row = rows.sources[place]
                if (row != averagedRow) {
                    (plane as Buffer).position(offset + row * rowStride)
                    plane.get(bytes, 0, rowBytes)
                    averageColumns(pixelStride)
                    averagedRow = row
                }
                val weight = rows.weights[place]
                for (column in 0 until size) sums[column] += weight * averaged[column]
            }
            sums.copyInto(out, target * size)
        }
    }

    private fun averageColumns(pixelStride: Int) {
        for (target in 0 until size) {
            var sum = 0f
            for (place in columns.begins[target] until columns.begins[target + 1]) {
                sum += columns.weights[place] * (bytes[columns.sources[place] * pixelStride].toInt() and 0xff)
            }
            averaged[target] = sum
        }
    }
}

/** Along one axis: which pixels of `from` each of `to` covers, and with which weights, whose sum is 1. */
private class Coverage(from: Int, to: Int) {
    /** Target -> where its pixels begin below; one more says where the last one's end */
    val begins = IntArray(to + 1)
    val sources: IntArray
    val weights: FloatArray

    init {
        val covered = ArrayList<Int>()
        val shares = ArrayList<Float>()
        // In units of 1 / to of a source's pixel all edges are whole numbers: a target covers `from` of them.
        for (target in 0 until to) {
            begins[target] = covered.size
            val begin = target.toLong() * from
            val end = begin + from
            for (source in (begin / to).toInt()..((end - 1) / to).toInt()) {
                val common = minOf(end, (source + 1L) * to) - maxOf(begin, source.toLong() * to)
                covered += source
                shares += common.toFloat() / from
            }
        }
        begins[to] = covered.size
        sources = covered.toIntArray()
        weights = shares.toFloatArray()
    }
}
