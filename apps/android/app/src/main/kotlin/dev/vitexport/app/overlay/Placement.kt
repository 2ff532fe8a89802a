/** Where a picture lies in the view that shows it whole, and which of its places a finger is at. */
package dev.vitexport.app.overlay

import kotlin.math.min

/** A point in a view in pixels, or in a picture from 0 to 1 each way. */
data class Place(val x: Float, val y: Float)

/** The largest place for a picture of [pictureWidth] × [pictureHeight] in the middle of a box, [mirrored] or not. */
class Placement(boxWidth: Int, boxHeight: Int, pictureWidth: Int, pictureHeight: Int, val mirrored: Boolean) {
    private val scale = min(boxWidth.toFloat() / pictureWidth, boxHeight.toFloat() / pictureHeight)
    val width: Float = pictureWidth * scale
    val height: Float = pictureHeight * scale
    val left: Float = (boxWidth - width) / 2
    val top: Float = (boxHeight - height) / 2

    /** A place in the box as one in the picture, on the nearest edge where it is beside the picture. */
    fun toPicture(place: Place): Place {
        val across = ((place.x - left) / width).coerceIn(0f, 1f)
        return Place(if (mirrored) 1 - across else across, ((place.y - top) / height).coerceIn(0f, 1f))
    }

    /** The inverse of [toPicture] */
    fun toBox(place: Place): Place =
        Place(left + (if (mirrored) 1 - place.x else place.x) * width, top + place.y * height)

    /** Whether a place in the box is on the picture */
    fun holds(place: Place): Boolean =
        place.x >= left && place.y >= top && place.x <= left + width && place.y <= top + height
}
