/** A camera's picture while it is looked at. */
package dev.vitexport.app.camera

import android.media.Image
import java.nio.ByteBuffer

/**
 * An [Image] as [UprightResize] reads it. It holds one of the few pictures that the camera has memory for until it is
 * closed. Frames are made once, and filled anew for each picture.
 */
class CameraFrame(private val closed: (CameraFrame) -> Unit) : Picture {
    private var image: Image? = null
    override val luma = ImagePlane()
    override val blueness = ImagePlane()
    override val redness = ImagePlane()
    override var width = 0
        private set
    override var height = 0
        private set
    override var degrees = 0
        private set

    override var arrived = 0L
        private set

    fun fill(image: Image, degrees: Int) {
        this.image = image
        this.degrees = degrees
        width = image.width
        height = image.height
        arrived = System.nanoTime()
        val planes = image.planes
        luma.plane = planes[0]
        blueness.plane = planes[1]
        redness.plane = planes[2]
    }

    override fun close() {
        image?.close() ?: return
        image = null
        closed(this)
    }
}

class ImagePlane : YuvPlane {
    internal lateinit var plane: Image.Plane
    override val buffer: ByteBuffer get() = plane.buffer
    override val rowStride: Int get() = plane.rowStride
    override val pixelStride: Int get() = plane.pixelStride
}
