package dev.vitexport.core.benchmark

import dev.vitexport.core.frames.Plane
import java.nio.ByteBuffer
import kotlin.math.PI
import kotlin.math.cos
import kotlin.math.hypot
import kotlin.math.sin

/** Y′, Cb and Cr of BT.601, full range */
private class Colour(val y: Int, val cb: Int, val cr: Int)

private val DISC_COLOUR = Colour(y = 125, cb = 85, cr = 202)
private val STRIPE_COLOUR = Colour(y = 101, cb = 134, cr = 121)
private val GROUND = Colour(y = 120, cb = 122, cr = 115)

/** A frame as a camera gives it, YUV_420_888 */
class SyntheticFrame(val y: Plane, val u: Plane, val v: Plane)

/**
 * Frames for a benchmark: drawn, so that every device is given the same, and of a camera's size, so that resizing is
 * timed as well. A disc is on its way around a striped ground.
 */
class SyntheticFrames {
    private val frames = List(TURN, ::drawn)

    /** The frame at a place of the turn, which has no end */
    operator fun get(place: Int): SyntheticFrame = frames[place % TURN]

    private fun drawn(place: Int): SyntheticFrame {
        val (centreX, centreY) = centre(place)
        fun colour(x: Int, y: Int) = when {
            hypot(x - centreX * WIDTH, y - centreY * HEIGHT) < HEIGHT / 6.0 -> DISC_COLOUR
            x % STRIPES < STRIPE -> STRIPE_COLOUR
            else -> GROUND
        }
        return SyntheticFrame(
            plane(1) { x, y -> colour(x, y).y },
            plane(2) { x, y -> colour(x, y).cb },
            plane(2) { x, y -> colour(x, y).cr },
        )
    }

    private fun plane(step: Int, value: (Int, Int) -> Int): Plane {
        val columns = WIDTH / step
        val bytes = ByteBuffer.allocateDirect(columns * (HEIGHT / step))
        for (place in 0 until bytes.capacity()) {
            bytes.put(place, value(step * (place % columns), step * (place / columns)).toByte())
        }
        return Plane(bytes, columns, 1)
    }

    companion object {
        /** As cameras give where they are asked for nothing */
        const val WIDTH = 640
        const val HEIGHT = 480

        /** Frames of one turn of the disc */
        private const val TURN = 24

        /** Pixels from one stripe to the next, and of one */
        private const val STRIPES = 80
        private const val STRIPE = 24

        /** Where the disc is in the first frame, in shares of width and height */
        val DISC = centre(0)

        private fun centre(place: Int): Pair<Double, Double> {
            val angle = 2 * PI * place / TURN
            return 0.5 + 0.2 * cos(angle) to 0.5 + 0.2 * sin(angle)
        }
    }
}
