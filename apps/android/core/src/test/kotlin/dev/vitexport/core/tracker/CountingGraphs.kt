/**
 * The graphs of a tracker that count instead of seeing, so that each number of a result says where it came from. The
 * state shifts as that of a real tracker does: the newest first, the prompted frame's last.
 */
package dev.vitexport.core.tracker

import dev.vitexport.core.runners.GraphRunner
import dev.vitexport.core.runners.TensorSpec
import dev.vitexport.core.runners.Tensors
import dev.vitexport.core.runners.elements
import java.nio.FloatBuffer

val STATE = mapOf("next_trail" to "trail", "next_steps" to "steps")

private const val SLOTS = 4

private fun spec(name: String, vararg shape: Int) = TensorSpec(name, shape.asList())

private val FEATURES = spec("features", 1)
private val TRAIL = listOf(spec("trail", SLOTS), spec("steps", 1))
private val FOUND = listOf(
    spec("mask_logits", 1, 1, 2, 2), spec("iou", 1, 1), spec("object_score", 1, 1),
    spec("next_trail", SLOTS), spec("next_steps", 1),
)

/** All values of a buffer, in a list of their own */
fun FloatBuffer.values(): List<Float> = List(capacity(), ::get)

fun FloatBuffer.fill(value: Float, begin: Int = 0, end: Int = capacity()) {
    for (index in begin until end) put(index, value)
}

/** Refuses buffers of wrong sizes, and buffers that it would read from and write to at once. */
class ComputedGraph(
    override val inputs: List<TensorSpec>,
    override val outputs: List<TensorSpec>,
    private val compute: (Tensors) -> Map<String, List<Float>>,
) : GraphRunner {
    var runs = 0
    var closed = false

    /** What the next run throws instead of finishing */
    var fault: Exception? = null

    override fun run(inputs: Tensors, outputs: Tensors) {
        for ((specs, tensors) in listOf(this.inputs to inputs, this.outputs to outputs)) {
            for ((name, shape) in specs) {
                val buffer = tensors.getValue(name)
                check(buffer.isDirect && buffer.capacity().toLong() == elements(shape)) { "$name is $buffer" }
            }
        }
        for ((name, buffer) in outputs) {
            check(inputs.values.none { it === buffer }) { "$name is read and written at once" }
            buffer.fill(Float.NaN) // so that whoever reads a buffer while it is written sees it
        }
        runs++
        fault?.let {
            fault = null
            throw it
        }
        for ((name, values) in compute(inputs)) {
            values.forEachIndexed { index, value -> outputs[name]?.put(index, value) }
        }
    }

    override fun close() {
        closed = true
    }
}

private fun step(mark: Float) = ComputedGraph(listOf(FEATURES) + TRAIL, FOUND) { inputs ->
    val trail = inputs.getValue("trail").values()
    val features = inputs.getValue("features").values()
    mapOf(
        "mask_logits" to trail,
        "iou" to listOf(mark),
        "object_score" to features,
        "next_trail" to features + trail.take(SLOTS - 2) + trail.last(),
        "next_steps" to inputs.getValue("steps").values().map { it + 1 },
    )
}

/** iou of what a graph gives, by which it is known */
const val PROMPT_POINTS = 0.25f
const val TRACK_FIRST = 0.5f
const val TRACK_STEP = 0.75f

/** Features are the image's first number, and the object's score is that of the features. */
class CountingGraphs(pooled: Boolean = false) {
    val encodeImage = ComputedGraph(listOf(spec("image", 3)), listOf(FEATURES)) { inputs ->
        mapOf("features" to listOf(inputs.getValue("image").get(0)))
    }
    val promptPoints = ComputedGraph(listOf(FEATURES, spec("points", 1, 4, 2), spec("labels", 1, 4)), FOUND) { inputs ->
        val points = inputs.getValue("points").values()
        val labels = inputs.getValue("labels").values()
        mapOf(
            "mask_logits" to points.take(2) + labels.take(2),
            "iou" to listOf(PROMPT_POINTS),
            "object_score" to listOf(1f),
            "next_trail" to listOf(0f, 0f, 0f, inputs.getValue("features").get(0)),
            "next_steps" to listOf(0f),
        )
    }
    val trackStep = step(TRACK_STEP)
    private val trackFirst = if (pooled) step(TRACK_FIRST) else null

    val graphs = TrackerGraphs(encodeImage, promptPoints, trackStep, trackFirst)
}
