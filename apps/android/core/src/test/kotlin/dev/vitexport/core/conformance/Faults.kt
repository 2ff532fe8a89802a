/**
 * What goes wrong in apps that carry state between graphs, planted into graphs that are right. Each is what the code
 * around the graphs would do to them, so the self-test has to notice every one.
 */
package dev.vitexport.core.conformance

import dev.vitexport.core.runners.GraphRunner
import dev.vitexport.core.runners.Tensors
import dev.vitexport.core.runners.floats
import dev.vitexport.core.tracker.TrackerGraphs
import dev.vitexport.core.tracker.values
import java.nio.FloatBuffer
import kotlin.math.roundToInt
import kotlin.math.sqrt

/** Runs a graph, then does something to what came out. */
private class After(private val graph: GraphRunner, private val change: (inputs: Tensors, outputs: Tensors) -> Unit) :
    GraphRunner by graph {
    override fun run(inputs: Tensors, outputs: Tensors) {
        graph.run(inputs, outputs)
        change(inputs, outputs)
    }
}

private fun FloatBuffer.set(values: List<Float>) = values.forEachIndexed { index, value -> put(index, value) }

private fun TrackerGraphs.withSteps(change: (GraphRunner) -> GraphRunner) =
    TrackerGraphs(encodeImage, promptPoints, change(trackStep), trackFirst?.let(change))

/** Every step sees what the prompted frame left. */
fun stateNotAdvanced(graphs: TrackerGraphs, state: Map<String, String>) = graphs.withSteps { graph ->
    After(graph) { inputs, outputs ->
        for ((output, input) in state) outputs.getValue(output).set(inputs.getValue(input).values())
    }
}

/** What belongs into one slot is in the next, the last in the first. */
fun wrongSlot(graphs: TrackerGraphs, state: Map<String, String>) = graphs.withSteps { graph ->
    After(graph) { _, outputs ->
        for (output in state.keys) {
            val values = outputs.getValue(output).values()
            val slot = values.size / graph.outputs.first { it.name == output }.shape.first()
            outputs.getValue(output).set(values.takeLast(slot) + values.dropLast(slot))
        }
    }
}

/** The runtime's own memory is kept for a result, which every later run of the graph writes over. */
fun staleOutputBuffer(graphs: TrackerGraphs): TrackerGraphs {
    fun stale(graph: GraphRunner): GraphRunner {
        val given = mutableListOf<Tensors>()
        return After(graph) { _, outputs ->
            if (given.none { it === outputs }) given += outputs
            for ((name, values) in outputs) {
                for (kept in given) if (kept !== outputs) kept.getValue(name).set(values.values())
            }
        }
    }
    return graphs.run {
        TrackerGraphs(stale(encodeImage), stale(promptPoints), stale(trackStep), trackFirst?.let(::stale))
    }
}

/** The frame is turned by a quarter, as a phone's camera gives it. */
fun rotatedFrame(graphs: TrackerGraphs): TrackerGraphs {
    val encode = graphs.encodeImage
    val turning = object : GraphRunner by encode {
        override fun run(inputs: Tensors, outputs: Tensors) =
            encode.run(mapOf("image" to turned(inputs.getValue("image"))), outputs)
    }
    return graphs.run { TrackerGraphs(turning, promptPoints, trackStep, trackFirst) }
}

/** Planes [3, side, side], each turned by a quarter to the right */
private fun turned(image: FloatBuffer): FloatBuffer {
    val side = sqrt(image.capacity() / 3.0).roundToInt()
    return floats(image.capacity()).apply {
        for (index in 0 until capacity()) {
            val (column, row) = index % side to index / side % side
            put(index, image.get(index / (side * side) * side * side + (side - 1 - column) * side + row))
        }
    }
}
