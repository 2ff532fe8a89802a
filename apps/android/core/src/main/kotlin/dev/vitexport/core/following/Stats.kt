/** `Stats`: how fast frames are followed, from the last of them. Measured on this device; nothing is estimated. */
package dev.vitexport.core.following

import dev.vitexport.core.benchmark.Percentiles
import dev.vitexport.core.benchmark.percentilesOf

/** One frame that was followed. */
data class FrameTimes(
    /** ms of one clock: when the picture was taken, when its turn came, and when its masks were there */
    val taken: Double,
    val begun: Double,
    val shown: Double,
    /** Graph -> ms, all its runs for this frame together */
    val graphs: Map<String, Double>,
    /** Frames that were dropped since the one before */
    val dropped: Long,
)

data class Summary(
    /** Frames a second */
    val fps: Double?,
    /** ms from a picture's turn to its masks, of the graphs and all else */
    val frame: Percentiles?,
    val graphs: Map<String, Percentiles>,
    /** Frames, since the start */
    val dropped: Long,
    val followed: Long,
)

/** How many frames count */
private const val WINDOW = 90

/** ms from masks to the next picture. After a longer break it is another run, whose rate the break says nothing of. */
private const val BREAK = 2000.0

/** Any thread may call. */
class Stats {
    private val frames = ArrayDeque<FrameTimes>(WINDOW)
    private var dropped = 0L
    private var followed = 0L

    /** ms from a picture to its masks, of the frame that was followed last; null where there is none */
    val age: Double? @Synchronized get() = frames.lastOrNull()?.let { it.shown - it.taken }

    @Synchronized
    fun add(frame: FrameTimes) {
        val last = frames.lastOrNull()
        if (last != null && frame.taken - last.shown > BREAK) frames.clear()
        if (frames.size == WINDOW) frames.removeFirst()
        frames.addLast(frame)
        dropped += frame.dropped
        followed++
    }

    @Synchronized
    fun clear() {
        frames.clear()
        dropped = 0
        followed = 0
    }

    @Synchronized
    fun summary(): Summary {
        val graphs = frames.flatMap { it.graphs.keys }.distinct().associateWith { name ->
            percentilesOf(frames.mapNotNull { it.graphs[name] })!!
        }
        val span = if (frames.isEmpty()) 0.0 else frames.last().shown - frames.first().shown
        return Summary(
            fps = if (span > 0) 1000 * (frames.size - 1) / span else null,
            frame = percentilesOf(frames.map { it.shown - it.begun }),
            graphs = graphs,
            dropped = dropped,
            followed = followed,
        )
    }
}
