package dev.vitexport.core.conformance

import dev.vitexport.core.runners.TensorSpec
import dev.vitexport.core.tracker.ComputedGraph
import dev.vitexport.core.tracker.STATE
import dev.vitexport.core.tracker.TrackerGraphs
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import org.junit.Test

private const val AREA = SIDE * SIDE
private val FOUND = listOf(
    TensorSpec("mask_logits", listOf(1, 1, SIDE, SIDE)), TensorSpec("iou", listOf(1, 1)),
    TensorSpec("object_score", listOf(1, 1)), TensorSpec("next_trail", listOf(1)), TensorSpec("next_steps", listOf(1)),
)

private fun mask(steps: Int, trail: Float, covers: Boolean) =
    List(AREA) { if (covers && it <= steps) 1 + trail else -1f }

/**
 * Graphs whose mask covers as many of 16 pixels as steps were made since the prompt, and one more; the step adds the
 * colour of the frame to the state, so that a frame that is not the file's shows as well. Or it covers none.
 */
private fun coveringGraphs(covers: Boolean = true): TrackerGraphs {
    fun found(steps: Int, trail: Float) = mapOf(
        "mask_logits" to mask(steps, trail, covers), "iou" to listOf(1f), "object_score" to listOf(1f),
        "next_trail" to listOf(trail), "next_steps" to listOf(steps.toFloat()),
    )
    return TrackerGraphs(
        encodeImage = ComputedGraph(emptyList(), listOf(TensorSpec("features", listOf(1)))) {
            mapOf("features" to listOf(it.getValue("image").get(0)))
        },
        promptPoints = ComputedGraph(emptyList(), FOUND) { found(0, it.getValue("features").get(0)) },
        trackStep = ComputedGraph(emptyList(), FOUND) {
            found(it.getValue("steps").get(0).toInt() + 1, it.getValue("trail").get(0) + it.getValue("features").get(0))
        },
    )
}

/** What these graphs see: object 0 from frame 0 on, object 1 from frame 2, and anew from frame 4. */
private fun expectedMasks(): List<Float> = listOf(listOf(0), listOf(2, 4)).flatMap { prompted ->
    (0 until FRAMES).flatMap { frame ->
        val since = prompted.findLast { it <= frame }
        when (since) {
            null -> List(AREA) { 0f }
            else -> mask(frame - since, (since..frame).sumOf { 10 + it }.toFloat(), covers = true)
        }
    }
}

class SelfTestTest {
    private val goOn = { _: Double, _: String -> true }

    /** With other logits at a place of an object's mask in a frame */
    private fun sequence(change: (MutableList<Float>) -> Unit = {}) =
        sequenceOf(sequenceTensors(expectedMasks().toMutableList().also(change)))

    @Test
    fun `every mask of every object agrees, followed, prompted, and prompted anew`() {
        val detail = "All 6 frames agree with PyTorch: mask IoU at least 1.0000, logits within 0.0e+00."
        assertEquals(
            SelfTestResult(pass = true, iou = 1.0, maxAbs = 0f, frames = FRAMES, stopped = false, detail),
            selfTest(coveringGraphs(), STATE, sequence(), goOn),
        )
    }

    @Test
    fun `one mask that differs fails, and the sentence says which`() {
        val differs = sequence { it[(FRAMES + 3) * AREA] = -4f } // one of the two pixels of object 1 in frame 3
        val result = selfTest(coveringGraphs(), STATE, differs, goOn)
        assertEquals(false to 0.5, result.pass to result.iou)
        assertEquals(
            "The mask of object 1 in frame 3 has an IoU of 0.5000 with PyTorch's, and 0.999 is the least that " +
                "passes; logits are off by up to 3.0e+01.",
            result.detail,
        )
    }

    @Test
    fun `what an object would be before its first prompt is not compared`() {
        val other = sequence { masks -> for (place in FRAMES * AREA until (FRAMES + 2) * AREA) masks[place] = 99f }
        assertTrue(selfTest(coveringGraphs(), STATE, other, goOn).pass)
    }

    @Test
    fun `masks that say nothing prove nothing`() {
        val none = sequence { it.replaceAll { -1f } }
        val result = selfTest(coveringGraphs(covers = false), STATE, none, goOn)
        assertEquals(false to 1.0, result.pass to result.iou)
        val sentence = "Fewer than half of the masks cover 1 to 99 % of their frame, so this proves nothing."
        assertEquals(sentence, result.detail)
    }

    @Test
    fun `a test that is stopped says how far it came`() {
        val told = mutableListOf<String>()
        val result = selfTest(coveringGraphs(), STATE, sequence()) { _, what ->
            told += what
            told.size <= 3
        }
        assertEquals(Triple(true, 3, true), Triple(result.pass, result.frames, result.stopped))
        assertTrue(result.detail.startsWith("The first 3 of 6 frames agree with PyTorch"), result.detail)
        assertEquals(listOf("Frame 1 of 6", "Frame 2 of 6", "Frame 3 of 6", "Frame 4 of 6"), told)
    }

    @Test
    fun `a test that is stopped before the first frame passes nothing`() {
        val result = selfTest(coveringGraphs(), STATE, sequence()) { _, _ -> false }
        assertEquals(false to 0, result.pass to result.frames)
        assertEquals("It was stopped before the first frame, so nothing is known.", result.detail)
    }
}
