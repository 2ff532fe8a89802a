package dev.vitexport.app.camera

import dev.vitexport.core.frames.Plane
import dev.vitexport.core.frames.Rotation

/** A YUV 4:2:0 picture as the sensor lies, which holds memory of the camera's until it is closed. */
interface Picture : AutoCloseable {
    val width: Int
    val height: Int
    val y: Plane
    val u: Plane
    val v: Plane

    /** By which it is turned to be upright */
    val rotation: Rotation

    /** When it came from the camera, in ns of `System.nanoTime` */
    val arrived: Long

    override fun close()
}
