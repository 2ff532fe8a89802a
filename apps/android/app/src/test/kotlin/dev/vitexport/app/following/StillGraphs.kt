package dev.vitexport.app.following

import dev.vitexport.core.runners.GraphRunner
import dev.vitexport.core.runners.RunnerException
import dev.vitexport.core.runners.TensorSpec
import dev.vitexport.core.runners.Tensors
import dev.vitexport.core.tracker.TrackerGraphs

/** Pixels of the image's side */
const val SIDE = 16

private val FEATURES = TensorSpec("features", listOf(1, 1, 1, 1))
private val POINTS = TensorSpec("points", listOf(1, 4, 2))
private val LABELS = TensorSpec("labels", listOf(1, 4))
private val MEMORY = TensorSpec("memory", listOf(1, 1))
private val FOUND = listOf(
    TensorSpec("mask_logits", listOf(1, 1, SIDE / 4, SIDE / 4)),
    TensorSpec("iou", listOf(1, 1)),
    TensorSpec("object_score", listOf(1, 1)),
    TensorSpec("next_memory", listOf(1, 1)),
)

/** Graphs of a tracker that finds everything everywhere, and counts; each fails while [failing] says so. */
class StillGraphs {
    val runs = mutableListOf<String>()
    var failing = false
    val state = mapOf("next_memory" to "memory")
    val graphs = TrackerGraphs(
        graph("encode_image", listOf(TensorSpec("image", listOf(1, 3, SIDE, SIDE))), listOf(FEATURES)),
        graph("prompt_points", listOf(FEATURES, POINTS, LABELS), FOUND),
        graph("track_step", listOf(FEATURES, MEMORY), FOUND),
    )

    private fun graph(name: String, takes: List<TensorSpec>, gives: List<TensorSpec>) = object : GraphRunner {
        override val inputs = takes
        override val outputs = gives

        override fun run(inputs: Tensors, outputs: Tensors) {
            if (failing) throw RunnerException("$name fails, as the test wants it to.")
            runs += name
            for (values in outputs.values) for (place in 0 until values.capacity()) values.put(place, 1f)
        }

        override fun close() = Unit
    }
}
