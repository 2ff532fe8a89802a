package dev.vitexport.core.tracker

import dev.vitexport.core.runners.GraphRunner
import dev.vitexport.core.runners.Tensors
import dev.vitexport.core.runners.allocate
import java.nio.FloatBuffer
import kotlin.math.roundToInt
import kotlin.math.sqrt

enum class ObjectStatus { PROMPTED, TRACKING, LOST }

/** One object in the frame that was followed last. It is the tracker's own: copy what should outlast the next frame. */
interface SeenObject {
    val id: Int
    val status: ObjectStatus

    /** [side, side], positive on the object */
    val maskLogits: FloatBuffer
    val side: Int
    val iou: Float
    val objectScore: Float
}

/** Two sets of buffers, made once: one has the newest state and is read, the other is spare and is written. */
internal class TrackedObject(override val id: Int, step: GraphRunner, state: Map<String, String>, features: Tensors) :
    SeenObject {
    private val sets = List(2) { BufferSet(allocate(step.outputs), state, features) }
    private var newest = 0

    override var status = ObjectStatus.PROMPTED
        private set
    override val maskLogits get() = sets[newest].maskLogits
    override val side = sqrt(maskLogits.capacity().toDouble()).roundToInt()
    override val iou get() = sets[newest].iou.get(0)
    override val objectScore get() = sets[newest].objectScore.get(0)

    /** What a step reads: the frame's features, and the newest state */
    val inputs: Tensors get() = sets[newest].next

    /** Where a graph may write, since nothing is read from there */
    val spare: Tensors get() = sets[1 - newest].outputs

    /** `object_score` of what was last written to the spare set */
    val spareScore: Float get() = sets[1 - newest].objectScore.get(0)

    /** Take what was written to the spare set for the newest. */
    fun advance(to: ObjectStatus) {
        newest = 1 - newest
        status = to
    }
}

/** The outputs of one frame, and the same buffers as the inputs of the next, under their other names */
private class BufferSet(val outputs: Tensors, state: Map<String, String>, features: Tensors) {
    val maskLogits = outputs.getValue("mask_logits")
    val iou = outputs.getValue("iou")
    val objectScore = outputs.getValue("object_score")
    val next: Tensors = features + state.map { (output, input) -> input to outputs.getValue(output) }
}
