package dev.vitexport.core.tracker

import dev.vitexport.core.runners.GraphRunner

/** The graphs of a tracker that follow what was prompted with points, by their names in the manifest. */
enum class TrackerGraph(val word: String) {
    ENCODE_IMAGE("encode_image"),
    PROMPT_POINTS("prompt_points"),

    /** Only pooled models have it */
    TRACK_FIRST("track_first"),
    TRACK_STEP("track_step"),
}

class TrackerGraphs(
    val encodeImage: GraphRunner,
    val promptPoints: GraphRunner,
    val trackStep: GraphRunner,
    val trackFirst: GraphRunner? = null,
) : AutoCloseable {
    /** Frees what the runtimes hold. */
    override fun close() = listOfNotNull(encodeImage, promptPoints, trackStep, trackFirst).forEach(GraphRunner::close)
}
