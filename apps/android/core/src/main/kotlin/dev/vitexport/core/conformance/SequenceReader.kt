/** Reads the sequence of a bundle: `exporter/verify/conformance.py` writes it and says what its tensors are. */
package dev.vitexport.core.conformance

import dev.vitexport.core.bundle.Bundle
import dev.vitexport.core.bundle.BundleException
import dev.vitexport.core.bundle.SequenceEntry
import dev.vitexport.core.bundle.StoredTensor
import dev.vitexport.core.bundle.StoredType
import dev.vitexport.core.bundle.parseSafetensors
import dev.vitexport.core.tracker.ABSENT
import dev.vitexport.core.tracker.Label
import dev.vitexport.core.tracker.POINTS
import dev.vitexport.core.tracker.PromptPoint
import dev.vitexport.core.tracker.PromptRequest
import java.nio.FloatBuffer

/** Throws [BundleException] for a bundle without a sequence, and for one that is not what its manifest says. */
fun readSequence(bundle: Bundle): Sequence {
    val entry = bundle.manifest.sequence
        ?: throw BundleException("The bundle has no sequence to test with; export the model again.")
    return readSequence(bundle.read(entry.file), entry, bundle.manifest.model.imageSize)
}

/** Of images of `size` pixels, from the file that the entry names. */
internal fun readSequence(file: ByteArray, entry: SequenceEntry, size: Int): Sequence {
    val stored = Stored(parseSafetensors(file, entry.file), entry.file)
    val (_, frames, objects) = entry
    val side = size / 4
    val pixels = stored.tensor("input.frames", StoredType.U8, frames, size, size, 3).values
    val masks =
        stored.tensor("output.mask_logits", StoredType.F32, objects, frames, 1, side, side).values.asFloatBuffer()
    for (index in 0 until masks.capacity()) {
        if (!masks.get(index).isFinite()) throw stored.damaged("its masks are not finite")
    }
    return Sequence(frames, objects, size, pixels, readPrompts(stored, frames, objects), masks)
}

private fun readPrompts(stored: Stored, frames: Int, objects: Int): Map<Int, List<PromptRequest>> {
    val count = stored.count("input.prompt_frame")
    val promptFrame = stored.tensor("input.prompt_frame", StoredType.I32, count).values.asIntBuffer()
    val promptObject = stored.tensor("input.prompt_object", StoredType.I32, count).values.asIntBuffer()
    val points = stored.tensor("input.points", StoredType.F32, count, POINTS, 2).values.asFloatBuffer()
    val labels = stored.tensor("input.labels", StoredType.F32, count, POINTS).values.asFloatBuffer()
    val prompts = sortedMapOf<Int, List<PromptRequest>>()
    for (index in 0 until count) {
        val (frame, id) = promptFrame.get(index) to promptObject.get(index)
        if (frame !in 0 until frames || id !in 0 until objects) {
            throw stored.damaged("object $id is prompted in frame $frame")
        }
        val given = pointsOf(points, labels, POINTS * index)
            ?: throw stored.damaged("the prompt of object $id in frame $frame is none")
        val before = prompts[frame].orEmpty()
        if (before.any { it.id == id }) throw stored.damaged("object $id is prompted twice in frame $frame")
        prompts[frame] = before + PromptRequest(id, given)
    }
    if (prompts.values.flatten().distinctBy { it.id }.size < objects) throw stored.damaged("an object has no prompt")
    return prompts
}

/** The points of a prompt without those that are absent, which come last; null where it is no prompt. */
private fun pointsOf(points: FloatBuffer, labels: FloatBuffer, begin: Int): List<PromptPoint>? {
    val places = begin until begin + POINTS
    val given = places.takeWhile { labels.get(it) != ABSENT }
    if (given.isEmpty() || places.drop(given.size).any { labels.get(it) != ABSENT }) return null
    return given.map { place ->
        val (x, y) = points.get(2 * place) to points.get(2 * place + 1)
        if (!x.isFinite() || !y.isFinite()) return null
        PromptPoint(x, y, Label.of(labels.get(place)) ?: return null)
    }
}

/** The tensors of a file, each held against what it should be. */
private class Stored(private val tensors: Map<String, StoredTensor>, private val path: String) {
    /** The first extent of a tensor; 0 where there is none */
    fun count(name: String): Int = tensors[name]?.shape?.firstOrNull() ?: 0

    fun tensor(name: String, type: StoredType, vararg shape: Int): StoredTensor =
        tensors[name]?.takeIf { it.type == type && it.shape == shape.asList() }
            ?: throw damaged("$name is missing or is not ${shape.asList()}")

    fun damaged(what: String) = BundleException("$path is damaged ($what); export the model again.")
}
