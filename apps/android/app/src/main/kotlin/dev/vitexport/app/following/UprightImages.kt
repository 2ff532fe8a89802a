package dev.vitexport.app.following

import dev.vitexport.app.camera.Picture
import dev.vitexport.core.frames.Rotation
import dev.vitexport.core.frames.YuvToImage
import java.nio.FloatBuffer

/** Makes images of [side] pixels of pictures of any size; what that takes is taken anew only when the size changes. */
class UprightImages(private val side: Int) {
    private var width = 0
    private var height = 0
    private var rotation = Rotation.NONE
    private var resize: YuvToImage? = null

    /** `image` [1, 3, side, side] is written. */
    fun write(picture: Picture, image: FloatBuffer) = fitting(picture).write(picture.y, picture.u, picture.v, image)

    private fun fitting(picture: Picture): YuvToImage {
        val last = resize
        val same = picture.width == width && picture.height == height && picture.rotation == rotation
        if (last != null && same) return last
        width = picture.width
        height = picture.height
        rotation = picture.rotation
        return YuvToImage(width, height, side, rotation).also { resize = it }
    }
}
