package dev.vitexport.core.frames

import kotlin.test.assertEquals
import kotlin.test.assertTrue
import org.junit.Test

private const val MS = 1_000_000L

class PacingTest {
    /** How many frames of 100 ms the model works on in 10 s of a camera at 30 frames a second. */
    private fun worked(status: ThermalStatus, lowPower: Boolean = false): Int {
        val pacing = Pacing()
        pacing.conditions(status, lowPower)
        var free = 0L
        var count = 0
        for (now in 0..10_000 * MS step 33 * MS) {
            if (now < free || !pacing.passes(now)) continue
            free = now + 100 * MS
            pacing.worked(now, free)
            count++
        }
        return count
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
