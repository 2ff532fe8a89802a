package dev.vitexport.core.conformance

import dev.vitexport.core.tracker.PromptRequest
import java.nio.ByteBuffer
import java.nio.FloatBuffer

/** The bundle's sequence: frames, prompts, and what PyTorch saw in them. */
class Sequence(
    val frames: Int,
    val objects: Int,
    /** Pixels of a frame's side */
    val size: Int,
    /** RGB [frames, size, size, 3] */
    val pixels: ByteBuffer,
    /** Frame -> who is prompted in it */
    val prompts: Map<Int, List<PromptRequest>>,
    /** [objects, frames, side, side]; zeros before an object's first prompt, and not compared there */
    val maskLogits: FloatBuffer,
) {
    /** Logits of a mask's side */
    val side: Int get() = size / 4
}
