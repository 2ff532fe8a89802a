/** The objects that a person follows: what was pointed at, which one is selected, and what became of each. */
package dev.vitexport.app.following

import dev.vitexport.core.tracker.Label
import dev.vitexport.core.tracker.ObjectStatus
import dev.vitexport.core.tracker.POINTS
import dev.vitexport.core.tracker.PromptException
import dev.vitexport.core.tracker.PromptPoint
import dev.vitexport.core.tracker.PromptRequest

/** Each costs a run of a graph a frame, and there are as many colours that colour-blind people tell apart. */
const val MOST_OBJECTS = 7

/** What is known of an object: nothing until a frame was followed with its prompt. */
class FollowedObject(
    /** 1 to [MOST_OBJECTS]: its colour */
    val id: Int,
    /** Where it was pointed at, in pixels of the model's image */
    val points: List<PromptPoint>,
    /** The still frame that the points are in; null where the picture moved on */
    val still: Int?,
    /** Null while it waits for its first frame */
    val status: ObjectStatus?,
)

/**
 * Pointed at on the main thread, and taken and seen on that of the model; all of it is one step at a time. `changed` is
 * called after each that a person can see, on the thread that did it.
 */
class FollowedObjects(private val changed: () -> Unit) {
    private var objects = emptyList<FollowedObject>()
    private var chosen: Int? = null
    private val asked = mutableSetOf<Int>()

    val list: List<FollowedObject> @Synchronized get() = objects

    /** The object that the next point is for; null where that is a new one */
    val selected: Int? @Synchronized get() = chosen

    /** Whether there are prompts that no frame was followed with yet */
    val waiting: Boolean @Synchronized get() = asked.isNotEmpty()

    /**
     * Point at the selected object, or at a new one. All points in the same still frame count together, because graphs
     * take the whole prompt at once; in a later frame the object has moved, and starts anew. [still] is null while the
     * picture moves. Throws [PromptException].
     */
    fun point(x: Float, y: Float, on: Boolean, still: Int?) = changing {
        val together = find(chosen)?.takeIf { still != null && it.still == still }
        if (!on && together == null) throw PromptException(BESIDE_MOVING.takeIf { still == null } ?: BESIDE_FIRST)
        val earlier = together?.points.orEmpty()
        if (earlier.size == POINTS) throw PromptException(TOO_MANY_POINTS)
        ask(earlier + PromptPoint(x, y, if (on) Label.ON else Label.BESIDE), still)
    }

    /** Draw a box around the selected object, or a new one, which starts anew with it. Throws [PromptException]. */
    fun box(left: Float, top: Float, right: Float, bottom: Float, still: Int?) = changing {
        ask(listOf(PromptPoint(left, top, Label.UPPER_LEFT), PromptPoint(right, bottom, Label.LOWER_RIGHT)), still)
    }

    fun select(id: Int?) = changing { chosen = id }

    fun delete(id: Int) = changing {
        objects = objects.filter { it.id != id }
        asked -= id
        if (chosen == id) chosen = null
    }

    fun clear() = changing {
        objects = emptyList()
        asked.clear()
        chosen = null
    }

    /** The prompts that the next frame is followed with */
    @Synchronized
    fun take(): List<PromptRequest> {
        if (asked.isEmpty()) return emptyList()
        val prompts = objects.filter { it.id in asked }.map { PromptRequest(it.id, it.points) }
        asked.clear()
        return prompts
    }

    /** No frame was followed with these after all: the next one is, with what is asked of their objects by then. */
    @Synchronized
    fun giveBack(prompts: List<PromptRequest>) {
        for (prompt in prompts) if (find(prompt.id) != null) asked += prompt.id
    }

    /** What became of an object in a frame. One that was deleted meanwhile stays so. */
    fun see(id: Int, status: ObjectStatus) {
        if (moved(id, status)) changed()
    }

    @Synchronized
    private fun moved(id: Int, status: ObjectStatus): Boolean {
        val before = find(id) ?: return false
        if (before.status == status) return false
        objects = objects.map { if (it.id == id) FollowedObject(id, it.points, it.still, status) else it }
        return true
    }

    private fun ask(points: List<PromptPoint>, still: Int?) {
        val id = chosen ?: free()
        val before = find(id)
        objects = (objects.filter { it.id != id } + FollowedObject(id, points, still, before?.status)).sortedBy { it.id }
        asked += id
        chosen = id
    }

    private fun find(id: Int?): FollowedObject? = objects.find { it.id == id }

    private fun free(): Int = (1..MOST_OBJECTS).firstOrNull { find(it) == null } ?: throw PromptException(TOO_MANY_OBJECTS)

    private inline fun changing(act: () -> Unit) {
        synchronized(this) { act() }
        changed()
    }

    private companion object {
        const val BESIDE_MOVING =
            "Pause first: what does not belong to an object is told by its other points in the same frame."
        const val BESIDE_FIRST = "Point at the object first, and then at what does not belong to it."
        const val TOO_MANY_POINTS = "An object takes $POINTS points, a box counting as two: delete it, and point anew."
        const val TOO_MANY_OBJECTS = "$MOST_OBJECTS objects can be followed at once: delete one first."
    }
}
