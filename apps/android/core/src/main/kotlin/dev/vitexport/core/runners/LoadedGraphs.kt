/** Loads the graphs of a tracker in the configuration that was chosen. */
package dev.vitexport.core.runners

import dev.vitexport.core.bundle.ArtifactEntry
import dev.vitexport.core.bundle.Bundle
import dev.vitexport.core.bundle.BundleException
import dev.vitexport.core.bundle.Configuration
import dev.vitexport.core.bundle.ManifestTensor
import dev.vitexport.core.bundle.artifactsFor
import dev.vitexport.core.tracker.TrackerGraph
import dev.vitexport.core.tracker.TrackerGraphs
import java.io.File

/** `loadMs` is by graph; that of the first has the runtime's own start in it. Closing it closes the graphs. */
class LoadedGraphs(val graphs: TrackerGraphs, val loadMs: Map<String, Double>) : AutoCloseable by graphs

/**
 * Check all files, which come to lie in `folder`, and only then run any. `loader` is that of the configuration's
 * format. Throws [BundleException], [RunnerException], and what the bundle's source throws.
 */
fun loadGraphs(bundle: Bundle, configuration: Configuration, loader: GraphLoader, folder: File): LoadedGraphs {
    val artifacts = artifactsFor(bundle.manifest, configuration)
    val wanted = TrackerGraph.entries.mapNotNull { artifacts[it.word] }
    if (wanted.isEmpty()) {
        val (format, precision) = configuration
        throw BundleException("The bundle has nothing for $format in $precision; choose another.")
    }
    val files = wanted.map { bundle.extract(it.file, folder) }
    val runners = mutableMapOf<String, GraphRunner>()
    val loadMs = mutableMapOf<String, Double>()
    try {
        wanted.zip(files).forEach { (artifact, file) ->
            val begin = System.nanoTime()
            runners[artifact.graph] = loader.load(file, artifact, configuration)
            loadMs[artifact.graph] = (System.nanoTime() - begin) / 1e6
        }
    } catch (error: Exception) {
        runners.values.forEach(GraphRunner::close)
        throw error
    }
    fun graph(which: TrackerGraph) = runners.getValue(which.word)
    val graphs = TrackerGraphs(
        graph(TrackerGraph.ENCODE_IMAGE),
        graph(TrackerGraph.PROMPT_POINTS),
        graph(TrackerGraph.TRACK_STEP),
        runners[TrackerGraph.TRACK_FIRST.word],
    )
    return LoadedGraphs(graphs, loadMs)
}

private fun GraphLoader.load(file: File, artifact: ArtifactEntry, configuration: Configuration) = load(
    file, artifact.inputs.map(ManifestTensor::spec), artifact.outputs.map(ManifestTensor::spec), configuration.options,
)
