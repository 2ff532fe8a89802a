package dev.vitexport.app.following

import dev.vitexport.core.following.FollowedObject
import dev.vitexport.core.following.Objects
import dev.vitexport.core.tracker.PromptRequest
import dev.vitexport.core.tracker.SeenObject

/** [Objects] for two threads: that of the screen, which points, and that of the model, which takes and sees. */
class SharedObjects(changed: () -> Unit) {
    private val objects = Objects(changed)

    val list: List<FollowedObject> @Synchronized get() = objects.list

    val selected: Int? @Synchronized get() = objects.selected

    /** Whether there are prompts that no frame was followed with yet */
    val isAsked: Boolean @Synchronized get() = objects.isAsked

    @Synchronized
    fun point(x: Float, y: Float, on: Boolean, still: Long?) = objects.point(x, y, on, still)

    @Synchronized
    fun box(left: Float, top: Float, right: Float, bottom: Float, still: Long?) =
        objects.box(left, top, right, bottom, still)

    @Synchronized
    fun select(id: Int?) = objects.select(id)

    @Synchronized
    fun delete(id: Int) = objects.delete(id)

    @Synchronized
    fun clear() = objects.clear()

    @Synchronized
    fun elsewhere() = objects.elsewhere()

    @Synchronized
    fun take(): List<PromptRequest> = objects.take()

    @Synchronized
    fun giveBack(prompts: List<PromptRequest>) = objects.giveBack(prompts)

    /** What became of them in a frame; most frames change nothing, and take no memory here. */
    @Synchronized
    fun see(seen: List<SeenObject>) {
        if (seen.any { now -> objects.list.any { it.id == now.id && it.status != now.status } }) {
            objects.see(seen.associate { it.id to it.status })
        }
    }
}
