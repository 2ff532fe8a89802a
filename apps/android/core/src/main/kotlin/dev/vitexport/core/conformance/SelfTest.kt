/** Whether this device's masks are those of PyTorch: the bundle's sequence, followed from the file and compared. */
package dev.vitexport.core.conformance

import dev.vitexport.core.Progress
import dev.vitexport.core.frames.toPlanes
import dev.vitexport.core.runners.floats
import dev.vitexport.core.tracker.Tracker
import dev.vitexport.core.tracker.TrackerGraphs
import java.util.Locale

/** The least mask IoU of any frame that passes */
const val LEAST_IOU = 0.999

data class SelfTestResult(
    val pass: Boolean,
    /** Of the worst frame of all objects */
    val iou: Double,
    /** Largest |a − b| of the mask logits */
    val maxAbs: Float,
    val frames: Int,
    /** Whether it was stopped before the last frame, and so proves less */
    val stopped: Boolean,
    /** One sentence: what agreed, or where it did not */
    val detail: String,
)

/** An object's mask in a frame, against PyTorch's. */
private class Compared(val id: Int, val frame: Int, val agreement: Agreement)

/**
 * Follow all objects of a sequence with graphs that are loaded, on their own tracker. Frames are in the file as graphs
 * take them: how an app resizes is no part of this. Throws what the graphs throw.
 */
fun selfTest(
    graphs: TrackerGraphs,
    state: Map<String, String>,
    sequence: Sequence,
    progress: Progress,
): SelfTestResult {
    val tracker = Tracker(graphs, state)
    val image = floats(3 * sequence.size * sequence.size)
    val mask = sequence.side * sequence.side
    val compared = mutableListOf<Compared>()
    for (frame in 0 until sequence.frames) {
        if (!progress(frame.toDouble() / sequence.frames, "Frame ${frame + 1} of ${sequence.frames}")) {
            return resultOf(compared, frame, sequence.frames)
        }
        toPlanes(sequence.pixels, frame * image.capacity(), image)
        for (seen in tracker.follow(image, sequence.prompts[frame].orEmpty())) {
            val place = (seen.id * sequence.frames + frame) * mask
            compared += Compared(seen.id, frame, compare(sequence.maskLogits, place, seen.maskLogits))
        }
    }
    return resultOf(compared, sequence.frames, sequence.frames)
}

private fun resultOf(compared: List<Compared>, frames: Int, of: Int): SelfTestResult {
    val worst = compared.minByOrNull { it.agreement.iou }
    val iou = worst?.agreement?.iou ?: 0.0
    val maxAbs = compared.maxOfOrNull { it.agreement.maxAbs } ?: 0f
    val sayEnough = 2 * compared.count { it.agreement.saysSomething } >= compared.size
    val stopped = frames < of
    val detail = when {
        worst == null -> "It was stopped before the first frame, so nothing is known."
        iou < LEAST_IOU ->
            "The mask of object ${worst.id} in frame ${worst.frame} has an IoU of ${"%.4f".inWords(iou)} with " +
                "PyTorch's, and $LEAST_IOU is the least that passes; logits are off by up to " +
                "${"%.1e".inWords(maxAbs)}."
        !sayEnough -> "Fewer than half of the masks cover 1 to 99 % of their frame, so this proves nothing."
        else ->
            "${if (stopped) "The first $frames of $of" else "All $frames"} frames agree with PyTorch: mask IoU at " +
                "least ${"%.4f".inWords(iou)}, logits within ${"%.1e".inWords(maxAbs)}."
    }
    return SelfTestResult(worst != null && iou >= LEAST_IOU && sayEnough, iou, maxAbs, frames, stopped, detail)
}

/** The same on every device, whatever its language */
private fun String.inWords(value: Number): String = format(Locale.ROOT, value)
