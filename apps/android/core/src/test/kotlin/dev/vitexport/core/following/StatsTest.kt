package dev.vitexport.core.following

import dev.vitexport.core.benchmark.Percentiles
import kotlin.test.assertEquals
import org.junit.Test

class StatsTest {
    private val stats = Stats()

    private fun run(from: Double, vararg frames: Double) {
        var shown = from
        for (ms in frames) {
            stats.add(FrameTimes(shown, shown, shown + ms, mapOf("encode_image" to ms / 2), dropped = 1))
            shown += ms
        }
    }

    @Test
    fun `the rate is that of the masks shown`() {
        run(0.0, 100.0, 100.0, 100.0, 100.0, 100.0)
        assertEquals(
            Summary(
                fps = 10.0,
                frame = Percentiles(100.0, 100.0),
                graphs = mapOf("encode_image" to Percentiles(50.0, 50.0)),
                dropped = 5,
                followed = 5,
            ),
            stats.summary(),
        )
    }

    @Test
    fun `a break is no slow frame`() {
        run(0.0, 100.0, 100.0)
        run(60_000.0, 50.0, 50.0, 50.0)
        assertEquals(20.0, stats.summary().fps)
        assertEquals(5, stats.summary().dropped)
    }

    @Test
    fun `a model that takes seconds for a frame has a rate`() {
        run(0.0, 4000.0, 4000.0, 4000.0)
        assertEquals(0.25, stats.summary().fps)
    }

    @Test
    fun `the time that a picture waits for its turn is not that of a frame`() {
        stats.add(FrameTimes(taken = 0.0, begun = 150.0, shown = 350.0, graphs = emptyMap(), dropped = 0))
        assertEquals(Percentiles(200.0, 200.0), stats.summary().frame)
        assertEquals(350.0, stats.age)
    }

    @Test
    fun `a graph that ran in some frames only is described by those`() {
        stats.add(FrameTimes(0.0, 0.0, 30.0, mapOf("encode_image" to 10.0, "prompt_points" to 7.0), dropped = 0))
        stats.add(FrameTimes(30.0, 30.0, 60.0, mapOf("encode_image" to 10.0, "track_step" to 12.0), dropped = 0))
        assertEquals(Percentiles(7.0, 7.0), stats.summary().graphs["prompt_points"])
    }

    @Test
    fun `only the last frames count`() {
        run(0.0, *DoubleArray(90) { 100.0 }, *DoubleArray(90) { 20.0 })
        assertEquals(Percentiles(20.0, 20.0), stats.summary().frame)
    }

    @Test
    fun `without frames nothing is said`() {
        assertEquals(Summary(null, null, emptyMap(), 0, 0), stats.summary())
        run(0.0, 100.0)
        stats.clear()
        assertEquals(Summary(null, null, emptyMap(), 0, 0), stats.summary())
    }
}
