package dev.vitexport.core.tracker

import dev.vitexport.core.runners.GraphRunner
import dev.vitexport.core.runners.Tensors
import dev.vitexport.core.runners.allocate
import dev.vitexport.core.runners.floats
import java.nio.FloatBuffer

/**
 * Follows objects from frame to frame: which graph runs on what, and where the state is that goes from one frame to the
 * next. All that is computed is computed by graphs.
 *
 * An object is idle until it is prompted, then tracked, and lost while its score says that it is out of sight. A frame
 * without prompts takes no memory anew. One thread at a time. `state` is the manifest's: output -> next step's input.
 */
class Tracker(private val graphs: TrackerGraphs, private val state: Map<String, String>) {
    private val features = allocate(graphs.encodeImage.outputs)
    private val points = floats(2 * POINTS)
    private val labels = floats(POINTS)
    private val promptInputs: Tensors = features + mapOf("points" to points, "labels" to labels)
    private var imageInputs: Tensors = emptyMap()
    private val tracked = ArrayList<TrackedObject>()

    /** All objects as they were found in the last frame, in the order of their first prompts */
    val objects: List<SeenObject> get() = tracked

    /** Of the last call */
    val times = RunTimes()

    /**
     * Follow all objects to a frame, `image` [1, 3, S, S], but those that are prompted in it: they start anew. Where a
     * graph fails, its exception comes out, and all objects are as they were in the frame before. Throws
     * [PromptException] for a prompt that is none.
     */
    fun follow(image: FloatBuffer, prompts: List<PromptRequest> = emptyList()): List<SeenObject> {
        check(prompts)
        if (imageInputs["image"] !== image) imageInputs = mapOf("image" to image)
        run(TrackerGraph.ENCODE_IMAGE, graphs.encodeImage, imageInputs, features)
        for (index in tracked.indices) {
            val followed = tracked[index]
            if (isPrompted(followed.id, prompts)) continue
            val first = graphs.trackFirst.takeIf { followed.status == ObjectStatus.PROMPTED }
            val graph = if (first == null) TrackerGraph.TRACK_STEP else TrackerGraph.TRACK_FIRST
            run(graph, first ?: graphs.trackStep, followed.inputs, followed.spare)
        }
        val started = start(prompts)
        for (index in tracked.indices) {
            val followed = tracked[index]
            if (isPrompted(followed.id, prompts)) continue
            followed.advance(if (followed.spareScore > 0) ObjectStatus.TRACKING else ObjectStatus.LOST)
        }
        return seen(started)
    }

    /**
     * Start objects anew in the frame that was followed last, whose features are still there. Others stay as they were
     * found in it: to follow them to the same frame once more would fill their memory with it.
     */
    fun restart(prompts: List<PromptRequest>): List<SeenObject> {
        check(prompts)
        return seen(start(prompts))
    }

    /** No longer follow an object. */
    fun forget(id: Int) {
        tracked.removeAll { it.id == id }
    }

    private fun check(prompts: List<PromptRequest>) {
        for (index in prompts.indices) {
            checkPrompt(prompts[index].points)
            if (prompts.indexOfFirst { it.id == prompts[index].id } < index) {
                val id = prompts[index].id
                throw PromptException("Object $id is prompted twice in one frame; pass all its points at once.")
            }
        }
        times.clear()
    }

    private fun start(prompts: List<PromptRequest>): List<TrackedObject> {
        if (prompts.isEmpty()) return emptyList()
        return prompts.map { (id, prompt) ->
            val started = tracked.find { it.id == id } ?: TrackedObject(id, graphs.trackStep, state, features)
            writePrompt(prompt, points, labels)
            run(TrackerGraph.PROMPT_POINTS, graphs.promptPoints, promptInputs, started.spare)
            started
        }
    }

    private fun seen(started: List<TrackedObject>): List<SeenObject> {
        for (index in started.indices) {
            started[index].advance(ObjectStatus.PROMPTED)
            if (started[index] !in tracked) tracked += started[index]
        }
        return tracked
    }

    private fun run(graph: TrackerGraph, runner: GraphRunner, inputs: Tensors, outputs: Tensors) {
        val begin = System.nanoTime()
        runner.run(inputs, outputs)
        times.add(graph, System.nanoTime() - begin)
    }
}

private fun isPrompted(id: Int, prompts: List<PromptRequest>): Boolean {
    for (index in prompts.indices) if (prompts[index].id == id) return true
    return false
}
