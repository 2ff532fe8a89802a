package dev.vitexport.core.packs

import kotlin.test.assertEquals
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue
import org.junit.Test

/** Takes so many ms, and counts its runs. */
private class Busy(private val ms: Double) : () -> Unit {
    var runs = 0

    override fun invoke() {
        runs++
        val end = System.nanoTime() + (ms * 1e6).toLong()
        do { val now = System.nanoTime() } while (now < end)
    }
}

class KernelClockTest {
    @Test
    fun `what takes longer than a block is timed run by run, with how runs vary`() {
        val run = Busy(4.0)
        val clock = KernelClock(run)
        assertNull(clock.times)
        clock.warmUp()
        val before = run.runs
        clock.round()
        val times = assertNotNull(clock.times)
        assertEquals(before to run.runs - before, times.warmup to times.n)
        assertTrue(times.p50 in 4.0..40.0)
        assertTrue(times.p99!! >= times.p90!!)
    }

    @Test
    fun `what is too short for the clock is timed in blocks, of which nobody knows how runs vary`() {
        val run = Busy(0.02)
        val clock = KernelClock(run)
        clock.warmUp()
        val before = run.runs
        clock.round()
        val times = assertNotNull(clock.times)
        assertEquals(before to run.runs - before, times.warmup to times.n)
        assertTrue(times.n > 100)
        assertTrue(times.p50 in 0.02..2.0)
        assertEquals(listOf(null, null, null), listOf(times.p90, times.p99, times.std))
    }
}
