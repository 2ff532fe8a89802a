package dev.vitexport.core.tracker

import dev.vitexport.core.runners.floats
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import org.junit.Test

class PromptTest {
    private fun tensors(vararg prompt: PromptPoint): Pair<List<Float>, List<Float>> {
        val points = floats(8).apply { fill(99f) }
        val labels = floats(4).apply { fill(99f) }
        writePrompt(prompt.asList(), points, labels)
        return points.values() to labels.values()
    }

    @Test
    fun `points come in their order, and those that are not there are absent`() {
        val (points, labels) = tensors(PromptPoint(1f, 2f, Label.ON), PromptPoint(3f, 4f, Label.BESIDE))
        assertEquals(listOf(1f, 2f, 3f, 4f, 0f, 0f, 0f, 0f), points)
        assertEquals(listOf(1f, 0f, -2f, -2f), labels)
    }

    @Test
    fun `a box is its upper left and lower right corner`() {
        val (points, labels) = tensors(PromptPoint(1f, 2f, Label.UPPER_LEFT), PromptPoint(3f, 4f, Label.LOWER_RIGHT))
        assertEquals(listOf(1f, 2f, 3f, 4f), points.take(4))
        assertEquals(listOf(2f, 3f, -2f, -2f), labels)
    }

    @Test
    fun `none, and more points than a graph takes, are refused`() {
        assertEquals(
            "A prompt has 1 to 4 points, a box counting as two; 0 were given.",
            assertFailsWith<PromptException> { checkPrompt(emptyList()) }.message,
        )
        assertFailsWith<PromptException> { checkPrompt(List(5) { PromptPoint(1f, 2f, Label.ON) }) }
    }
}
