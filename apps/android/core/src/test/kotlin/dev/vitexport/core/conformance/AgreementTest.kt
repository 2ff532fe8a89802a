package dev.vitexport.core.conformance

import dev.vitexport.core.runners.floats
import kotlin.test.assertEquals
import org.junit.Test

private fun mask(vararg logits: Float) =
    floats(logits.size).apply { logits.forEachIndexed { index, one -> put(index, one) } }

class AgreementTest {
    private fun compare(expected: FloatArray, actual: FloatArray) = compare(mask(*expected), 0, mask(*actual))

    @Test
    fun `equal masks agree whatever the size of their logits, and the difference is the largest`() {
        val agreement = compare(floatArrayOf(1f, -1f, 2f, -2f), floatArrayOf(1.5f, -1f, 9f, -2f))
        assertEquals(1.0 to 7f, agreement.iou to agreement.maxAbs)
    }

    @Test
    fun `IoU is what both have of what either has, and a logit of zero is background`() {
        assertEquals(0.5, compare(floatArrayOf(1f, 1f, 1f, 0f), floatArrayOf(1f, 0f, 1f, 1f)).iou)
    }

    @Test
    fun `two empty masks agree, and an empty one agrees with no other`() {
        assertEquals(1.0, compare(floatArrayOf(-1f, -1f), floatArrayOf(-2f, -3f)).iou)
        assertEquals(0.0, compare(floatArrayOf(-1f, -1f), floatArrayOf(-2f, 3f)).iou)
    }

    @Test
    fun `logits that are not finite stand for no mask, not for an empty one`() {
        for (wrong in listOf(Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY)) {
            val agreement = compare(floatArrayOf(-1f, -1f), floatArrayOf(-1f, wrong))
            assertEquals(0.0 to Float.POSITIVE_INFINITY, agreement.iou to agreement.maxAbs)
        }
    }

    @Test
    fun `a mask is compared where it lies among others`() {
        assertEquals(1.0, compare(mask(-1f, -1f, 1f, -1f), 2, mask(3f, -3f)).iou)
    }

    @Test
    fun `a mask says something from a hundredth to all but a hundredth of the frame`() {
        val says = listOf(0, 9, 10, 990, 991, 1000).map { covered ->
            val mask = FloatArray(1000) { if (it < covered) 1f else 0f }
            compare(mask, mask).saysSomething
        }
        assertEquals(listOf(false, false, true, true, false, false), says)
    }
}
