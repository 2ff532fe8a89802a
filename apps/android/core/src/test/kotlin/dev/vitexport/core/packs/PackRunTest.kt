package dev.vitexport.core.packs

import dev.vitexport.core.runners.GraphLoader
import dev.vitexport.core.runners.RunOptions
import dev.vitexport.core.runners.RunnerException
import dev.vitexport.core.runners.TensorSpec
import dev.vitexport.core.runners.Tensors
import dev.vitexport.core.runners.TimedRunner
import java.io.File
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder

/** Loads artefacts as kernels that take 2 ms and write down their names when they run; some fail. */
private class Loader(private val failsToLoad: String? = null, private val failsToRun: String? = null) : GraphLoader {
    val log = mutableListOf<String>()
    val held = mutableSetOf<String>()

    override fun load(
        file: File,
        inputs: List<TensorSpec>,
        outputs: List<TensorSpec>?,
        options: RunOptions,
    ): TimedRunner {
        val name = file.readText().takeLast(1)
        if (name == failsToLoad) throw RunnerException("$name does not load.")
        held += name
        return object : TimedRunner {
            override val inputs = inputs
            override val outputs = emptyList<TensorSpec>()
            override fun run(inputs: Tensors, outputs: Tensors) = Unit
            override fun prepared(inputs: Tensors) = {
                if (name == failsToRun && log.size > 40) throw RunnerException("$name does not run.")
                log += name
                Thread.sleep(2)
            }

            override fun close() {
                held -= name
            }
        }
    }
}

class PackRunTest {
    @get:Rule
    val folder = TemporaryFolder()

    private val goOn = { _: Double, _: String -> true }

    private fun packOf(vararg names: String) = packOf(names.asList(), folder.root)

    @Test
    fun `kernels of a group take turns, and all are freed`() {
        val loader = Loader()
        val result = timePack(packOf("a", "b"), loader, 1, goOn)
        assertEquals(setOf("a of the pack", "b of the pack"), result.kernels.keys)
        assertEquals(Triple(emptyList(), false, 2), result.run { Triple(failures, stopped, total) })
        val turns = loader.log.zipWithNext().count { (one, next) -> one != next }
        assertTrue(turns >= 9, "they ran in ${turns + 1} turns")
        assertEquals(emptySet(), loader.held)
    }

    @Test
    fun `a kernel that does not load is a failure, and the others go on`() {
        val result = timePack(packOf("a", "b"), Loader(failsToLoad = "a"), 1, goOn)
        assertEquals(setOf("b of the pack"), result.kernels.keys)
        assertEquals(listOf(KernelFailure("a of the pack", "a does not load.")), result.failures)
    }

    @Test
    fun `a kernel that fails while it is timed has no time`() {
        val loader = Loader(failsToRun = "a")
        val result = timePack(packOf("a", "b"), loader, 1, goOn)
        assertEquals(setOf("b of the pack"), result.kernels.keys)
        assertEquals(listOf("a does not run."), result.failures.map { it.reason })
        assertEquals(emptySet(), loader.held)
    }

    @Test
    fun `where it is stopped it answers with what it has`() {
        val loader = Loader()
        val names = ('a'..'t').map(Char::toString)
        val result = timePack(packOf(*names.toTypedArray()), loader, 1) { share, _ -> share < 0.6 }
        assertTrue(result.stopped)
        assertEquals(names.take(16).map { "$it of the pack" }.toSet(), result.kernels.keys)
        assertEquals(emptySet(), loader.held)
    }

    @Test
    fun `progress rises from 0 to the end`() {
        val shares = mutableListOf<Double>()
        timePack(packOf("a", "b"), Loader(), 1) { share, _ -> shares.add(share) }
        assertEquals(shares.sorted(), shares)
        assertEquals(0.0, shares.first())
        assertTrue(shares.last() in 0.8..1.0)
    }

    @Test
    fun `a pack of which no kernel gives a time is refused with why`() {
        val refusal = assertFailsWith<PackException> { timePack(packOf("a"), Loader(failsToLoad = "a"), 1, goOn) }
        assertContains(refusal.message!!, "a does not load")
    }
}
