/** Which of the sizes that a camera offers are used. */
package dev.vitexport.app.camera

/** Width and height in pixels, as the sensor lies. */
data class PixelSize(val width: Int, val height: Int) {
    val pixels: Int get() = width * height

    fun hasShapeOf(other: PixelSize): Boolean = width * other.height == height * other.width
}

/** What the model is given, and what the screen shows: both of one shape, so that a mask lies on both alike. */
data class PictureSizes(val model: PixelSize, val preview: PixelSize)

/** More than a screen shows of a preview */
private const val PREVIEW_PIXELS = 1920 * 1080

/**
 * The smallest picture for the model that is nowhere smaller than its image of [side] pixels, since every pixel of it
 * is read in every frame; where there is none, the largest. The preview is the largest of that shape that a screen
 * shows, or the model's size. Null where the camera offers no picture.
 */
fun pictureSizes(forModel: List<PixelSize>, forPreview: List<PixelSize>, side: Int): PictureSizes? {
    val model = forModel.filter { it.width >= side && it.height >= side }.minByOrNull { it.pixels }
        ?: forModel.maxByOrNull { it.pixels }
        ?: return null
    val preview = forPreview
        .filter { it.hasShapeOf(model) && it.pixels <= PREVIEW_PIXELS }
        .maxByOrNull { it.pixels }
        ?: model
    return PictureSizes(model, preview)
}
