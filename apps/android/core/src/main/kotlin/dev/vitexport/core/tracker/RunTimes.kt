package dev.vitexport.core.tracker

/** What the graphs took for one frame. It is written anew for the next, so that frames need no memory of their own. */
class RunTimes internal constructor() {
    private val counts = IntArray(TrackerGraph.entries.size)
    private val nanoseconds = LongArray(TrackerGraph.entries.size)

    /** How often a graph ran: `track_step` once for each object that is followed */
    fun runs(graph: TrackerGraph): Int = counts[graph.ordinal]

    /** Of all its runs together */
    fun ms(graph: TrackerGraph): Double = nanoseconds[graph.ordinal] / 1e6

    /** Graph -> ms, of those that ran; a map of its own, for whoever keeps it */
    fun byName(): Map<String, Double> = TrackerGraph.entries.filter { runs(it) > 0 }.associate { it.word to ms(it) }

    internal fun clear() {
        counts.fill(0)
        nanoseconds.fill(0)
    }

    internal fun add(graph: TrackerGraph, took: Long) {
        counts[graph.ordinal]++
        nanoseconds[graph.ordinal] += took
    }
}
