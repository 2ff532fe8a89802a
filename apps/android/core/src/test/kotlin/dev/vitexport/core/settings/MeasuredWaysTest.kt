package dev.vitexport.core.settings

import kotlin.test.assertEquals
import org.junit.Test

class MeasuredWaysTest {
    private val kept = KeptInMemory()

    @Test
    fun `what was measured is known at the next start, each as it was last`() {
        MeasuredWays(kept)["nano on the cpu"] = 80.0
        MeasuredWays(kept)["nano on the cpu"] = 70.5
        assertEquals(70.5, MeasuredWays(kept)["nano on the cpu"])
        assertEquals(null, MeasuredWays(kept)["nano on the gpu"])
    }

    @Test
    fun `of very many the oldest are forgotten`() {
        val measured = MeasuredWays(kept)
        for (number in 1..60) measured["$number"] = 1.0
        assertEquals((11..60).toList(), (1..60).filter { measured["$it"] != null })
    }

    @Test
    fun `what cannot be read is none`() {
        kept["measured"] = "no JSON"
        assertEquals(null, MeasuredWays(kept)["nano on the cpu"])
    }
}
