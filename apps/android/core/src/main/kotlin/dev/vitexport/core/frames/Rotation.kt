package dev.vitexport.core.frames

/** How far a camera's frame is turned clockwise to be upright. */
enum class Rotation(val degrees: Int) {
    NONE(0),
    RIGHT(90),
    HALF(180),
    LEFT(270),
    ;

    /** For each pixel of a frame of size × size, row by row, where it is in the upright one */
    internal fun places(size: Int): IntArray = IntArray(size * size) { place ->
        val row = place / size
        val column = place % size
        val last = size - 1
        when (this) {
            NONE -> place
            RIGHT -> column * size + (last - row)
            HALF -> (last - row) * size + (last - column)
            LEFT -> (last - column) * size + row
        }
    }

    companion object {
        /** `degrees` as Android has them, such as of `SENSOR_ORIENTATION`; they may be negative, or above a turn. */
        fun of(degrees: Int): Rotation = entries.find { it.degrees == Math.floorMod(degrees, 360) }
            ?: throw IllegalArgumentException("Frames are turned by quarters, and not by $degrees degrees.")
    }
}
