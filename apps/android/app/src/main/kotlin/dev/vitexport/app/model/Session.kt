/** A bundle whose graphs are ready, and what was found out of them. All of it is called on the model's thread. */
package dev.vitexport.app.model

import dev.vitexport.core.Progress
import dev.vitexport.core.benchmark.BenchmarkResult
import dev.vitexport.core.benchmark.benchmark
import dev.vitexport.core.bundle.Bundle
import dev.vitexport.core.bundle.Configuration
import dev.vitexport.core.conformance.SelfTestResult
import dev.vitexport.core.conformance.readSequence
import dev.vitexport.core.conformance.selfTest
import dev.vitexport.core.runners.LoadedGraphs
import dev.vitexport.core.tracker.Tracker

class Session(
    val bundle: Bundle, val configuration: Configuration, private val loaded: LoadedGraphs,
) : AutoCloseable by loaded {
    private var tested: SelfTestResult? = null

    /** Graph → ms */
    val loadMs: Map<String, Double> get() = loaded.loadMs

    /** Pixels of the image's side */
    val side: Int get() = bundle.manifest.model.imageSize

    /** Several may follow objects with the same graphs, one at a time. */
    fun tracker() = Tracker(loaded.graphs, bundle.manifest.state)

    fun test(progress: Progress): SelfTestResult =
        selfTest(loaded.graphs, bundle.manifest.state, readSequence(bundle), progress).also { tested = it }

    /** After a self-test: times of wrong masks are to be known as such. [testing] says of its progress whose it is. */
    fun measure(seconds: Double, testing: (String) -> String, progress: Progress): BenchmarkResult {
        val before = tested
        if (bundle.manifest.sequence != null && (before == null || before.stopped)) {
            test { share, what -> progress(share, testing(what)) }
        }
        return benchmark(loaded, bundle.manifest, configuration, tested, seconds, progress)
    }
}
