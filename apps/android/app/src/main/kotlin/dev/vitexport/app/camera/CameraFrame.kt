package dev.vitexport.app.camera

import android.media.Image
import dev.vitexport.core.frames.Plane
import dev.vitexport.core.frames.Rotation

/** An [Image] of the camera. Frames are made once, and filled anew for each picture; `closed` takes them back. */
class CameraFrame(private val closed: (CameraFrame) -> Unit) : Picture {
    private var image: Image? = null
    override var width = 0
        private set
    override var height = 0
        private set
    override lateinit var y: Plane
        private set
    override lateinit var u: Plane
        private set
    override lateinit var v: Plane
        private set
    override var rotation = Rotation.NONE
        private set
    override var arrived = 0L
        private set

    fun fill(image: Image, rotation: Rotation) {
        this.image = image
        this.rotation = rotation
        width = image.width
        height = image.height
        arrived = System.nanoTime()
        val (first, second, third) = image.planes
        y = plane(first)
        u = plane(second)
        v = plane(third)
    }

    override fun close() {
        image?.close() ?: return
        image = null
        closed(this)
    }

    private fun plane(of: Image.Plane) = Plane(of.buffer, of.rowStride, of.pixelStride)
}
