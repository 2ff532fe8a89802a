package dev.vitexport.core.frames

import kotlin.test.assertEquals
import kotlin.test.assertTrue
import org.junit.Test

private const val MS = 1_000_000L

class PacingTest {
    /**
     * How many frames of `took` ms the model works on in 10 s of a camera at 30 frames a second. One that comes
     * meanwhile waits, the newest, and is asked about again when it has its turn.
     */
    private fun worked(status: ThermalStatus, lowPower: Boolean = false, took: Long = 100): Int {
        val pacing = Pacing()
        pacing.conditions(status, lowPower)
        var begun: Long? = null
        var waits = false
        var count = 0
        fun offer(now: Long) {
            if (!pacing.passes(now)) return
            if (begun != null) {
                waits = true
            } else {
                begun = now
                count++
            }
        }
        for (now in 0..10_000 * MS step 33 * MS) {
            val end = begun?.plus(took * MS)
            if (end != null && end <= now) {
                pacing.worked(end - took * MS, end)
                begun = null
                if (waits) offer(end)
                waits = false
            }
            offer(now)
        }
        return count
    }

    @Test
    fun `however long a frame takes, a hot device works on about half of what a cool one does`() {
        for (took in listOf(1L, 30L, 100L, 500L)) {
            val cool = worked(ThermalStatus.NONE, took = took)
            val hot = worked(ThermalStatus.MODERATE, took = took)
            assertTrue(hot in cool * 2 / 5..cool * 11 / 20, "$hot of $cool, of $took ms")
        }
    }

    @Test
    fun `a cool device works on as many frames as it can`() {
        assertEquals(worked(ThermalStatus.NONE), worked(ThermalStatus.LIGHT))
        assertTrue(worked(ThermalStatus.NONE) in 70..100)
    }

    @Test
    fun `a hot device works on fewer, and a very hot one on none`() {
        assertTrue(worked(ThermalStatus.MODERATE) in 40..50)
        assertTrue(worked(ThermalStatus.SEVERE) in 20..25)
        for (status in listOf(ThermalStatus.CRITICAL, ThermalStatus.EMERGENCY, ThermalStatus.SHUTDOWN)) {
            assertEquals(0, worked(status))
        }
    }

    @Test
    fun `low power halves what the heat leaves`() {
        assertTrue(worked(ThermalStatus.NONE, lowPower = true) in 40..50)
        assertTrue(worked(ThermalStatus.MODERATE, lowPower = true) in 20..25)
    }

    @Test
    fun `a device that cooled down goes on`() {
        val pacing = Pacing()
        pacing.conditions(ThermalStatus.CRITICAL, lowPower = false)
        assertTrue(pacing.rests)
        pacing.worked(0, 100 * MS)
        pacing.conditions(ThermalStatus.NONE, lowPower = false)
        assertTrue(pacing.passes(1000 * MS))
    }

    @Test
    fun `the words are Android's, by its numbers`() {
        assertEquals(
            listOf("none", "light", "moderate", "severe", "critical", "emergency", "shutdown", "shutdown"),
            (0..7).map { ThermalStatus.of(it).word },
        )
    }
}
