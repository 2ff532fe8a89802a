package dev.vitexport.core.frames

import java.nio.ByteBuffer
import java.nio.FloatBuffer

/**
 * Spread pixels that have the model's size already, interleaved RGB [side, side, 3] from `begin` on, into `image`
 * [1, 3, side, side].
 */
fun toPlanes(pixels: ByteBuffer, begin: Int, image: FloatBuffer) {
    val area = image.capacity() / 3
    for (pixel in 0 until area) {
        for (colour in 0 until 3) {
            image.put(colour * area + pixel, (pixels.get(begin + 3 * pixel + colour).toInt() and 0xff).toFloat())
        }
    }
}
