package dev.vitexport.core.benchmark

import kotlin.math.abs
import kotlin.math.sqrt
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue
import org.junit.Test

class StatisticsTest {
    @Test
    fun `percentiles lie between the two nearest values in proportion`() {
        assertEquals(2.5, percentile(listOf(1.0, 2.0, 3.0, 4.0), 0.5))
        assertTrue(abs(percentile(listOf(1.0, 2.0, 3.0, 4.0), 0.9) - 3.7) < 1e-12)
        assertEquals(7.0, percentile(listOf(7.0), 0.99))
    }

    @Test
    fun `times are summed up whatever order they came in`() {
        val times = timesOf(listOf(30.0, 10.0, 20.0))
        assertEquals(Triple(20.0, 20.0, 3), Triple(times.p50, times.mean, times.n))
        assertTrue(abs(times.std - sqrt(200.0 / 3)) < 1e-9)
    }

    @Test
    fun `what gets slower shows in the medians of its periods`() {
        assertEquals(listOf(10.0, 20.0, 40.0, 40.0), medians(listOf(10.0, 10.0, 10.0, 20.0, 20.0, 40.0, 40.0), 30.0))
        assertEquals(listOf(10.0), medians(listOf(10.0, 10.0, 10.0, 5.0, 5.0), 30.0), "less than a half is no period")
        assertEquals(listOf(5.0), medians(listOf(5.0), 30.0), "unless it is all that there is")
    }

    @Test
    fun `of nothing there are no times`() {
        assertFailsWith<IllegalArgumentException> { timesOf(emptyList()) }
    }
}
