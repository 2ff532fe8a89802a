package dev.vitexport.core.tracker

import dev.vitexport.core.runners.floats
import java.nio.FloatBuffer
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertSame
import kotlin.test.assertTrue
import org.junit.Test

private fun image(number: Int): FloatBuffer = floats(3).apply { put(0, number.toFloat()) }

private fun click(id: Int, x: Float = 5f, y: Float = 6f) = PromptRequest(id, listOf(PromptPoint(x, y, Label.ON)))

private fun floatsOf(vararg values: Int) = values.map(Int::toFloat)

class TrackerTest {
    private val counting = CountingGraphs()
    private val tracker = Tracker(counting.graphs, STATE)

    /** The masks of a frame by object, copied, since the tracker writes over them. */
    private fun follow(number: Int, vararg prompts: PromptRequest, by: Tracker = tracker) =
        by.follow(image(number), prompts.asList()).associate { it.id to it.maskLogits.values() }

    private fun statuses() = tracker.objects.associate { it.id to it.status }

    @Test
    fun `an object is idle until it is prompted, then tracked`() {
        assertEquals(emptyMap(), statuses())
        follow(1, click(7))
        assertEquals(mapOf(7 to ObjectStatus.PROMPTED), statuses())
        follow(2)
        assertEquals(mapOf(7 to ObjectStatus.TRACKING), statuses())
    }

    @Test
    fun `an object is lost while its score is not above zero, and tracked again after`() {
        follow(1, click(7))
        val seen = listOf(0, -3, 2).map { score -> tracker.follow(image(score)).single().run { status to objectScore } }
        assertEquals(listOf(ObjectStatus.LOST to 0f, ObjectStatus.LOST to -3f, ObjectStatus.TRACKING to 2f), seen)
    }

    @Test
    fun `a frame without objects has none`() {
        assertEquals(emptyList(), tracker.follow(image(1)))
    }

    @Test
    fun `a prompt is given to its graph in the fixed shape, absent points with it`() {
        assertEquals(mapOf(7 to floatsOf(5, 6, 1, -2)), follow(1, click(7)))
    }

    @Test
    fun `the state goes from frame to frame`() {
        follow(10, click(7))
        assertEquals(floatsOf(0, 0, 0, 10), follow(11)[7])
        assertEquals(floatsOf(11, 0, 0, 10), follow(12)[7])
        assertEquals(floatsOf(12, 11, 0, 10), follow(13)[7])
        assertEquals(floatsOf(13, 12, 11, 10), follow(14)[7])
        assertEquals(floatsOf(14, 13, 12, 10), follow(15)[7], "the oldest is dropped, the prompted one kept")
    }

    @Test
    fun `objects share the features of a frame, and nothing else`() {
        follow(10, click(1))
        follow(11, click(2))
        assertEquals(mapOf(1 to floatsOf(11, 0, 0, 10), 2 to floatsOf(0, 0, 0, 11)), follow(12))
        assertEquals(3, counting.encodeImage.runs)
    }

    @Test
    fun `an object that is prompted again starts anew, and the others go on`() {
        follow(10, click(1), click(2))
        follow(11)
        assertEquals(mapOf(1 to floatsOf(11, 0, 0, 10), 2 to floatsOf(8, 9, 1, -2)), follow(12, click(2, 8f, 9f)))
        assertEquals(3, counting.trackStep.runs, "nothing was followed only to be forgotten")
        assertEquals(mapOf(1 to floatsOf(12, 11, 0, 10), 2 to floatsOf(0, 0, 0, 12)), follow(13))
    }

    @Test
    fun `the step after a prompt is its own graph in a pooled model, and only that step`() {
        val pooled = Tracker(CountingGraphs(pooled = true).graphs, STATE)
        val prompts = listOf(listOf(click(1)), emptyList(), emptyList(), listOf(click(1)), emptyList())
        val marks = prompts.map { pooled.follow(image(1), it).single().iou }
        assertEquals(listOf(PROMPT_POINTS, TRACK_FIRST, TRACK_STEP, PROMPT_POINTS, TRACK_FIRST), marks)
    }

    @Test
    fun `arrays are taken once, and the third frame is written where the first was`() {
        val prompts = listOf(listOf(click(1)), emptyList(), emptyList(), emptyList(), listOf(click(1)))
        val masks = prompts.map { tracker.follow(image(1), it).single().maskLogits }
        assertSame(masks[0], masks[2])
        assertSame(masks[1], masks[3])
        assertSame(masks[0], masks[4])
        assertTrue(masks[0] !== masks[1])
    }

    @Test
    fun `where a graph fails its error comes out, and every object is as it was`() {
        for (failing in listOf(CountingGraphs::encodeImage, CountingGraphs::trackStep, CountingGraphs::promptPoints)) {
            val counting = CountingGraphs()
            val tracker = Tracker(counting.graphs, STATE)
            follow(10, click(1), click(2), by = tracker)
            follow(11, by = tracker)
            failing(counting).fault = IllegalStateException("out of memory")
            val error = assertFailsWith<IllegalStateException> { follow(-99, click(2), click(3), by = tracker) }
            assertEquals("out of memory", error.message)
            assertEquals(listOf(1, 2), tracker.objects.map { it.id })
            assertTrue(tracker.objects.all { it.status == ObjectStatus.TRACKING })
            assertEquals(mapOf(1 to floatsOf(11, 0, 0, 10), 2 to floatsOf(11, 0, 0, 10)), follow(12, by = tracker))
        }
    }

    @Test
    fun `a prompt that is none is refused before anything runs`() {
        val five = List(5) { PromptPoint(0f, 0f, Label.ON) }
        val none = PromptRequest(1, emptyList())
        for (prompts in listOf(listOf(none), listOf(PromptRequest(1, five)), List(2) { click(1) })) {
            assertFailsWith<PromptException> { tracker.follow(image(1), prompts) }
        }
        assertEquals(0, counting.encodeImage.runs)
    }

    @Test
    fun `an object that is forgotten is idle, and the others go on`() {
        follow(10, click(1), click(2))
        tracker.forget(1)
        assertEquals(mapOf(2 to ObjectStatus.PROMPTED), statuses())
        assertEquals(mapOf(2 to floatsOf(0, 0, 0, 10)), follow(11))
        tracker.forget(2)
        assertEquals(emptyMap(), follow(12))
    }

    @Test
    fun `in the frame that was followed last, objects start anew from its features, the others stay`() {
        follow(10, click(1))
        follow(11)
        tracker.restart(listOf(click(2)))
        assertEquals(mapOf(1 to ObjectStatus.TRACKING, 2 to ObjectStatus.PROMPTED), statuses())
        assertEquals(2, counting.encodeImage.runs)
        assertEquals(mapOf(1 to floatsOf(11, 0, 0, 10), 2 to floatsOf(0, 0, 0, 11)), follow(12))
    }

    @Test
    fun `each run of each graph is timed`() {
        follow(10, click(1), click(2))
        follow(11, click(3))
        val runs = TrackerGraph.entries.map { tracker.times.runs(it) }
        assertEquals(listOf(1, 1, 0, 2), runs)
        assertEquals(setOf("encode_image", "prompt_points", "track_step"), tracker.times.byName().keys)
        assertTrue(tracker.times.byName().values.all { it >= 0 })
    }

    @Test
    fun `closing the graphs closes each`() {
        counting.graphs.close()
        assertTrue(counting.encodeImage.closed && counting.promptPoints.closed && counting.trackStep.closed)
    }
}
