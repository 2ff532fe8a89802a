package dev.vitexport.core.conformance

import dev.vitexport.core.bundle.BundleException
import dev.vitexport.core.bundle.StoredType
import dev.vitexport.core.bundle.bundleFiles
import dev.vitexport.core.bundle.manifestBytes
import dev.vitexport.core.bundle.opened
import dev.vitexport.core.tracker.Label
import dev.vitexport.core.tracker.PromptPoint
import dev.vitexport.core.tracker.PromptRequest
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import org.junit.Test

private val TENSORS = sequenceTensors(List(MASKS) { it.toFloat() })

class SequenceTest {
    /** Refuses the sequence with other values in one tensor. */
    private fun refuses(name: String, says: String, change: (Tensor) -> Tensor?) {
        val changed = change(TENSORS.getValue(name))
        val tensors = if (changed == null) TENSORS - name else TENSORS + (name to changed)
        assertContains(assertFailsWith<BundleException> { sequenceOf(tensors) }.message!!, says)
    }

    private fun values(vararg values: Number) = { tensor: Tensor -> Tensor(tensor.type, tensor.shape, values.asList()) }

    @Test
    fun `frames, prompts and masks are read, absent points left out`() {
        val sequence = sequenceOf(TENSORS)
        assertEquals(listOf(FRAMES, 2, 16, 4), sequence.run { listOf(frames, objects, size, side) })
        val corners = listOf(PromptPoint(1f, 2f, Label.UPPER_LEFT), PromptPoint(3f, 4f, Label.LOWER_RIGHT))
        assertEquals(
            mapOf(
                0 to listOf(PromptRequest(0, corners)),
                2 to listOf(PromptRequest(1, listOf(PromptPoint(5f, 6f, Label.ON)))),
                4 to listOf(PromptRequest(1, listOf(PromptPoint(7f, 8f, Label.ON)))),
            ),
            sequence.prompts,
        )
        assertEquals(11, sequence.pixels.get(16 * 16 * 3))
        assertEquals(17f, sequence.maskLogits.get(17))
    }

    @Test
    fun `a bundle without a sequence is refused`() {
        val bundle = opened(bundleFiles(manifestBytes("sequence" to null)))
        assertEquals(
            "The bundle has no sequence to test with; export the model again.",
            assertFailsWith<BundleException> { readSequence(bundle) }.message,
        )
    }

    @Test
    fun `a tensor that is missing, or of another type or shape, is refused by name`() {
        refuses("output.mask_logits", "output.mask_logits is missing or is not [2, 6, 1, 4, 4]") { null }
        refuses("input.prompt_object", "prompt_object is missing or is not [3]") {
            Tensor(StoredType.F32, it.shape, it.values)
        }
        refuses("output.mask_logits", "output.mask_logits") { Tensor(it.type, listOf(2, FRAMES, 1, 16, 1), it.values) }
        refuses("input.labels", "input.labels is missing or is not [3, 4]") { Tensor(it.type, listOf(4, 3), it.values) }
    }

    @Test
    fun `prompts that are none are refused`() {
        val others = arrayOf<Number>(1, -2, -2, -2, 1, -2, -2, -2)
        for (first in listOf(arrayOf(-2, -2, -2, -2), arrayOf(-2, 1, -2, -2), arrayOf(7, 1, -2, -2))) {
            refuses("input.labels", "the prompt of object 0 in frame 0 is none", values(*first, *others))
        }
        refuses("input.points", "the prompt of object 0") {
            Tensor(it.type, it.shape, listOf(Float.NaN) + it.values.drop(1))
        }
        refuses("input.prompt_frame", "object 1 is prompted in frame 6", values(0, 2, FRAMES))
        refuses("input.prompt_object", "object 2 is prompted in frame 2", values(0, 2, 1))
        refuses("input.prompt_object", "an object has no prompt", values(0, 0, 0))
        refuses("input.prompt_frame", "object 1 is prompted twice in frame 2", values(0, 2, 2))
    }

    @Test
    fun `masks that are not finite are refused`() {
        refuses("output.mask_logits", "its masks are not finite") {
            Tensor(it.type, it.shape, listOf(Float.POSITIVE_INFINITY) + it.values.drop(1))
        }
    }
}
