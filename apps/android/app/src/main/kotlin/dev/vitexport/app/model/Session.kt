/** A bundle whose graphs are ready, and what was found out of them. All of it is called on the model's thread. */
package dev.vitexport.app.model

import dev.vitexport.app.camera.UprightResize
import dev.vitexport.core.Progress
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

    val side: Int get() = bundle.manifest.model.imageSize

    /** Several may follow objects with the same graphs, one at a time. */
    fun tracker() = Tracker(loaded.graphs, bundle.manifest.state)

    fun selfTest(progress: Progress): SelfTestResult =
        selfTest(loaded.graphs, bundle.manifest.state, readSequence(bundle), progress).also { tested = it }
}
