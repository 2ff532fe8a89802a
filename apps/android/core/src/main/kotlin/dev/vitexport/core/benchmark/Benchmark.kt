/**
 * How fast the loaded graphs are: for some seconds all that a frame of the camera takes, one object followed, from the
 * resize to the mask. Nothing is shown meanwhile, and no frame is waited for.
 */
package dev.vitexport.core.benchmark

import dev.vitexport.core.Progress
import dev.vitexport.core.bundle.Configuration
import dev.vitexport.core.bundle.Manifest
import dev.vitexport.core.conformance.SelfTestResult
import dev.vitexport.core.frames.Rotation
import dev.vitexport.core.frames.YuvToImage
import dev.vitexport.core.runners.LoadedGraphs
import dev.vitexport.core.runners.floats
import dev.vitexport.core.tracker.Label
import dev.vitexport.core.tracker.PromptPoint
import dev.vitexport.core.tracker.PromptRequest
import dev.vitexport.core.tracker.Tracker
import dev.vitexport.core.tracker.TrackerGraph
import java.time.Instant

/** Frames that are not timed: runtimes take memory in the first ones. */
private const val WARMUP = 5

/** ms */
private const val HALF_MINUTE = 30_000.0

/** Between two looks at whether to go on, in ns: they take time that is not the frame's. */
private const val LOOK_EVERY = 250_000_000L

/**
 * Follow a disc for `seconds`, at least for one frame, on a tracker of its own. `selfTest` is that of the same graphs,
 * which comes first: times of wrong masks are to be known as such. Throws what the graphs throw.
 */
fun benchmark(
    loaded: LoadedGraphs,
    manifest: Manifest,
    configuration: Configuration,
    selfTest: SelfTestResult?,
    seconds: Double,
    progress: Progress,
): BenchmarkResult {
    val startedAt = Instant.now().toString()
    val run = TimedFrames(Tracker(loaded.graphs, manifest.state), manifest.model.imageSize)
    val firstMs = run.warmUp(progress)
    val warmup = run.count - 1
    val stopped = run.forSeconds(seconds, progress)
    return BenchmarkResult(
        configuration = configuration,
        warmup = warmup,
        graphs = run.graphMs.mapValues { (graph, ms) ->
            GraphTimes(timesOf(ms), firstMs[graph] ?: ms.first(), loaded.loadMs.getValue(graph))
        },
        resize = timesOf(run.resizeMs),
        frame = timesOf(run.frameMs),
        fps = run.frameMs.size / run.elapsed,
        halfMinutes = medians(run.frameMs, HALF_MINUTE),
        seconds = run.elapsed,
        stopped = stopped,
        selfTest = selfTest,
        startedAt = startedAt,
    )
}

/** Frames that are followed one after the other, and what each took, in ms. */
private class TimedFrames(private val tracker: Tracker, private val size: Int) {
    private val frames = SyntheticFrames()
    private val resize = YuvToImage(SyntheticFrames.WIDTH, SyntheticFrames.HEIGHT, size, Rotation.NONE)
    private val image = floats(3 * size * size)

    val graphMs = mutableMapOf<String, MutableList<Double>>()
    val resizeMs = mutableListOf<Double>()
    val frameMs = mutableListOf<Double>()

    /** Frames so far */
    var count = 0
        private set

    /** s that were timed */
    var elapsed = 0.0
        private set

    /** Returns what the first run of each graph took. */
    fun warmUp(progress: Progress): Map<String, Double> {
        val (x, y) = SyntheticFrames.DISC
        val disc = PromptPoint((x * size).toFloat(), (y * size).toFloat(), Label.ON)
        next(listOf(PromptRequest(0, listOf(disc))))
        val first = tracker.times.byName().toMutableMap()
        while (count <= WARMUP && progress(0.0, "Warming up")) {
            next()
            tracker.times.byName().forEach(first::putIfAbsent)
        }
        return first
    }

    /** Returns whether it was stopped. */
    fun forSeconds(seconds: Double, progress: Progress): Boolean {
        val begin = System.nanoTime()
        val end = begin + (seconds * 1e9).toLong()
        var looked = begin
        var now = begin
        var stopped = false
        while (!stopped && (frameMs.isEmpty() || now < end)) {
            resizeMs += next()
            for (graph in TrackerGraph.entries) {
                if (tracker.times.runs(graph) == 0) continue
                graphMs.getOrPut(graph.word, ::mutableListOf) += tracker.times.ms(graph)
            }
            val done = System.nanoTime()
            frameMs += (done - now) / 1e6
            now = done
            if (done - looked < LOOK_EVERY) continue
            looked = done
            val share = ((done - begin).toDouble() / (end - begin)).coerceAtMost(1.0)
            stopped = !progress(share, "Frames: ${frameMs.size}")
            now = System.nanoTime()
        }
        elapsed = (System.nanoTime() - begin) / 1e9
        return stopped
    }

    /** Returns what the resize took, in ms. */
    private fun next(prompts: List<PromptRequest> = emptyList()): Double {
        val begin = System.nanoTime()
        frames[count++].run { resize.write(y, u, v, image) }
        val resized = (System.nanoTime() - begin) / 1e6
        tracker.follow(image, prompts)
        return resized
    }
}
