package dev.vitexport.core.conformance

import java.nio.FloatBuffer
import kotlin.math.abs

/** How far a mask is from PyTorch's. */
data class Agreement(
    /** Intersection over union of what is positive; of two empty masks 1, and 0 where a logit is not finite */
    val iou: Double,
    /** Largest |a − b| of the logits; infinite where one is not finite */
    val maxAbs: Float,
    /** Whether the expected mask covers 1 to 99 % of the frame: an empty mask agrees with too much */
    val saysSomething: Boolean,
)

/** Logits of one mask: all of `actual`, and as many of `expected` from `begin` on. */
fun compare(expected: FloatBuffer, begin: Int, actual: FloatBuffer): Agreement {
    val count = actual.capacity()
    var both = 0
    var either = 0
    var covered = 0
    var maxAbs = 0f
    for (index in 0 until count) {
        val one = expected.get(begin + index)
        val other = actual.get(index)
        val difference = abs(one - other)
        if (!difference.isFinite()) return Agreement(0.0, Float.POSITIVE_INFINITY, saysSomething = true)
        maxAbs = maxOf(maxAbs, difference)
        if (one > 0) covered++
        if (one > 0 && other > 0) both++
        if (one > 0 || other > 0) either++
    }
    val iou = if (either == 0) 1.0 else both.toDouble() / either
    return Agreement(iou, maxAbs, covered.toDouble() / count in 0.01..0.99)
}
