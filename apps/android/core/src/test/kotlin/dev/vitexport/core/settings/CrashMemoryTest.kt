package dev.vitexport.core.settings

import dev.vitexport.core.bundle.MANIFEST_OF_TESTS
import dev.vitexport.core.bundle.Processors
import dev.vitexport.core.bundle.configurationsOf
import dev.vitexport.core.runners.ComputeUnit
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertTrue
import org.junit.Test

class CrashMemoryTest {
    private val kept = KeptInMemory()

    @Test
    fun `what ended the app while it was loaded is known the next time, and comes last`() {
        CrashMemory(kept).begun("nano on the cpu")
        assertTrue("nano on the cpu" in CrashMemory(kept))
        val crashes = CrashMemory(kept)
        assertTrue("nano on the cpu" in crashes, "and the time after")
        assertFalse("nano on the gpu" in crashes)
        val choice = configurationsOf(MANIFEST_OF_TESTS, Processors(gpu = true, cores = 4)) {
            "nano on the ${it.unit.word}" in crashes
        }
        assertEquals(listOf(ComputeUnit.GPU, ComputeUnit.CPU), choice.configurations.map { it.unit })
    }

    @Test
    fun `what was finished is not, nor what was loaded after all`() {
        CrashMemory(kept).run {
            begun("one")
            finished()
            begun("two")
        }
        val next = CrashMemory(kept)
        assertEquals(listOf("two"), listOf("one", "two").filter { it in next })
        next.forget("two")
        assertFalse("two" in CrashMemory(kept))
    }

    @Test
    fun `of very many the oldest are forgotten`() {
        for (number in 1..60) CrashMemory(kept).begun("$number")
        val crashes = CrashMemory(kept)
        assertEquals((11..60).toList(), (1..60).filter { "$it" in crashes })
    }
}
