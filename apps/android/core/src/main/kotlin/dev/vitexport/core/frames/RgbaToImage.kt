package dev.vitexport.core.frames

import java.nio.ByteBuffer
import java.nio.FloatBuffer

/**
 * Makes of RGBA pixels, such as a bitmap's, of `width` × `height` the image [1, 3, size, size] that graphs take, turned
 * upright. One thread at a time.
 */
class RgbaToImage(private val width: Int, height: Int, size: Int, rotation: Rotation = Rotation.NONE) {
    private val average = AreaAverage(width, height, size)
    private val places = rotation.places(size)
    private val area = size * size
    private val channel = FloatArray(area)
    private val rgb = FloatArray(3 * area)

    /** `pixels` has four bytes a pixel, its rows `rowStride` bytes apart; `image` [1, 3, size, size] is written. */
    fun write(pixels: ByteBuffer, image: FloatBuffer, rowStride: Int = CHANNELS * width) {
        for (colour in 0 until 3) {
            average.average(pixels, colour, rowStride, CHANNELS, channel)
            for (pixel in 0 until area) rgb[colour * area + places[pixel]] = channel[pixel]
        }
        image.write(rgb)
    }
}

private const val CHANNELS = 4
