/** A colour for each object's number: Okabe and Ito's, told apart by colour-blind people (jfly.uni-koeln.de/color). */
package dev.vitexport.app.overlay

import dev.vitexport.app.R

/** Its name, as a resource, and its value without transparency */
class ObjectColour(val name: Int, val argb: Int) {
    val red = (argb shr 16 and 0xff) / 255f
    val green = (argb shr 8 and 0xff) / 255f
    val blue = (argb and 0xff) / 255f

    companion object {
        private val ALL = listOf(
            ObjectColour(R.string.orange, 0xffe69f00.toInt()),
            ObjectColour(R.string.sky_blue, 0xff56b4e9.toInt()),
            ObjectColour(R.string.green, 0xff009e73.toInt()),
            ObjectColour(R.string.yellow, 0xfff0e442.toInt()),
            ObjectColour(R.string.purple, 0xffcc79a7.toInt()),
            ObjectColour(R.string.vermilion, 0xffd55e00.toInt()),
            ObjectColour(R.string.blue, 0xff0072b2.toInt()),
        )

        /** Of an object's number, from 1 */
        fun of(id: Int): ObjectColour = ALL[(id - 1) % ALL.size]
    }
}
