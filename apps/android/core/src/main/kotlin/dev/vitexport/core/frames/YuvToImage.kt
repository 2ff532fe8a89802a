package dev.vitexport.core.frames

import java.nio.Buffer
import java.nio.ByteBuffer
import java.nio.FloatBuffer

/** One plane of a frame as `Image.Plane` has it: rows `rowStride` bytes apart, pixels `pixelStride`. */
class Plane(val bytes: ByteBuffer, val rowStride: Int, val pixelStride: Int)

/**
 * Makes of a camera's YUV_420_888 frame of `width` × `height` pixels the image [1, 3, size, size] that graphs take,
 * upright. Channels are averaged first and then converted, which is the same but at the ends of the range, and less
 * work. To average all of a frame into a square and turn that is the same as to turn it first. One thread at a time.
 */
class YuvToImage(width: Int, height: Int, size: Int, rotation: Rotation, private val range: YuvRange = YuvRange.FULL) {
    private val luma = AreaAverage(width, height, size)
    private val chroma = AreaAverage((width + 1) / 2, (height + 1) / 2, size)
    private val places = rotation.places(size)
    private val area = size * size
    private val y = FloatArray(area)
    private val cb = FloatArray(area)
    private val cr = FloatArray(area)
    private val rgb = FloatArray(3 * area)

    /** `image` [1, 3, size, size] is written. */
    fun write(yPlane: Plane, uPlane: Plane, vPlane: Plane, image: FloatBuffer) {
        luma.average(yPlane, y)
        chroma.average(uPlane, cb)
        chroma.average(vPlane, cr)
        for (pixel in 0 until area) {
            val light = (y[pixel] - range.black) * range.lumaScale
            val blue = cb[pixel] - GREY
            val red = cr[pixel] - GREY
            val place = places[pixel]
            rgb[place] = (light + range.redOfCr * red).coerceIn(0f, 255f)
            rgb[area + place] = (light - range.greenOfCb * blue - range.greenOfCr * red).coerceIn(0f, 255f)
            rgb[2 * area + place] = (light + range.blueOfCb * blue).coerceIn(0f, 255f)
        }
        image.write(rgb)
    }

    private fun AreaAverage.average(plane: Plane, out: FloatArray) =
        average(plane.bytes, 0, plane.rowStride, plane.pixelStride, out)
}

/** Cb and Cr of what has no colour */
private const val GREY = 128f

/** Put all values in one go, which is many times faster than one by one. */
internal fun FloatBuffer.write(values: FloatArray) {
    val start: Buffer = this
    start.clear()
    put(values)
    start.clear()
}
