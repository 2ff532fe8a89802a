/** What the model's thread has: one bundle, and its graphs in one configuration. All of it is called there. */
package dev.vitexport.app.model

import dev.vitexport.app.bundle.GraphFiles
import dev.vitexport.app.camera.UprightResize
import dev.vitexport.app.runners.RUNTIMES
import dev.vitexport.core.benchmark.BenchmarkResult
import dev.vitexport.core.benchmark.benchmark
import dev.vitexport.core.bundle.Bundle
import dev.vitexport.core.bundle.Configuration
import dev.vitexport.core.bundle.artifactsFor
import dev.vitexport.core.conformance.SelfTestResult
import dev.vitexport.core.conformance.readSequence
import dev.vitexport.core.conformance.selfTest
import dev.vitexport.core.runners.GraphRunner
import dev.vitexport.core.runners.RunOptions
import dev.vitexport.core.tracker.Tracker
import java.io.Closeable

/** Those that follow what was prompted with points; not every tracker has a `track_first`. */
private val GRAPHS = listOf("encode_image", "prompt_points", "track_first", "track_step")

class Session private constructor(
    val bundle: Bundle,
    val configuration: Configuration,
    private val graphs: Map<String, GraphRunner>,
    /** Graph → ms; that of the first has the runtime's own start in it */
    val loadMs: Map<String, Double>,
) : Closeable {

    /** Of these graphs; null until it was run */
    var selfTest: SelfTestResult? = null
        private set

    val side: Int get() = bundle.manifest.model.imageSize

    fun tracker() = Tracker(graphs, bundle.manifest.state)

    /** Beside the objects that are followed, on a tracker of its own. */
    fun selfTest(say: Say): SelfTestResult =
        selfTest(graphs, bundle.manifest.state, readSequence(bundle), say).also { selfTest = it }

    /** After a self-test: times of wrong masks are to be known as such. */
    fun benchmark(seconds: Int, say: Say): BenchmarkResult {
        val tested = selfTest
        if (bundle.manifest.sequence != null && (tested == null || tested.stopped)) {
            selfTest { share, what -> say(share, "Self-test first. $what") }
        }
        return benchmark(graphs, loadMs, bundle.manifest, UprightResize(side), seconds, say)
    }

    override fun close() = graphs.values.forEach(GraphRunner::close)

    companion object {
        /** Reads and checks all files, and only then runs any. Throws what reading throws, and `RunnerException`. */
        fun load(bundle: Bundle, configuration: Configuration, files: GraphFiles): Session {
            val artifacts = artifactsFor(bundle.manifest, configuration)
            val wanted = GRAPHS.mapNotNull { artifacts[it] }
            val paths = wanted.map { files.file(bundle, it.file) }
            val load = RUNTIMES.getValue(configuration.format to configuration.unit).load
            val options = RunOptions(configuration.unit, configuration.threads)
            val graphs = mutableMapOf<String, GraphRunner>()
            val loadMs = mutableMapOf<String, Double>()
            try {
                for ((artifact, path) in wanted zip paths) {
                    val begun = System.nanoTime()
                    graphs[artifact.graph] = load.load(path, artifact.inputs, artifact.outputs, options)
                    loadMs[artifact.graph] = (System.nanoTime() - begun) / 1e6
                }
            } catch (error: Exception) {
                graphs.values.forEach(GraphRunner::close)
                throw error
            }
            return Session(bundle, configuration, graphs, loadMs)
        }
    }
}
