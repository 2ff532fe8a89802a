/** The objects that the user follows: what was pointed at, which one is selected, and what became of each. */
package dev.vitexport.core.following

import dev.vitexport.core.tracker.Label
import dev.vitexport.core.tracker.ObjectStatus
import dev.vitexport.core.tracker.POINTS
import dev.vitexport.core.tracker.PromptException
import dev.vitexport.core.tracker.PromptPoint
import dev.vitexport.core.tracker.PromptRequest

/** Each costs a run of a graph a frame, and there are as many colours that colour-blind people tell apart. */
const val MOST_OBJECTS = 7

data class FollowedObject(
    /** 1 to `MOST_OBJECTS`: its colour, and its number in saved masks */
    val id: Int,
    /** Where it was pointed at, in pixels of the model's image */
    val points: List<PromptPoint>,
    /** The number of the still frame that the points are in; null where the picture moved on */
    val still: Long?,
    /** Null until a frame was followed with its prompt, or while the camera was off */
    val status: ObjectStatus? = null,
)

/** On the thread that draws; `changed` is called after every change. */
class Objects(private val changed: () -> Unit) {
    private val asked = mutableSetOf<Int>()

    var list: List<FollowedObject> = emptyList()
        private set

    /** The object that the next point is for; null where that is a new one */
    var selected: Int? = null
        private set

    /** Whether there are prompts that no frame was followed with yet */
    val isAsked: Boolean get() = asked.isNotEmpty()

    /**
     * Point at the selected object, or at a new one, or beside it. All points in the same still frame count together,
     * because graphs take the whole prompt at once; in a later frame the object has moved, and starts anew. `still` is
     * null while the picture moves. Throws [PromptException].
     */
    fun point(x: Float, y: Float, on: Boolean, still: Long?) {
        val together = find(selected)?.takeIf { still != null && it.still == still }
        if (!on && together == null) {
            throw PromptException(
                when (still) {
                    null ->
                        "Pause first: what does not belong to an object is told by its other points in the same frame."
                    else -> "Point at the object first, and then at what does not belong to it."
                },
            )
        }
        val earlier = together?.points.orEmpty()
        if (earlier.size == POINTS) {
            throw PromptException("An object takes $POINTS points, a box counting as two: delete it, and point anew.")
        }
        ask(earlier + PromptPoint(x, y, if (on) Label.ON else Label.BESIDE), still)
    }

    /** Draw a box around the selected object, or a new one, which starts anew with it. Throws [PromptException]. */
    fun box(left: Float, top: Float, right: Float, bottom: Float, still: Long?) {
        ask(listOf(PromptPoint(left, top, Label.UPPER_LEFT), PromptPoint(right, bottom, Label.LOWER_RIGHT)), still)
    }

    fun select(id: Int?) {
        selected = id
        changed()
    }

    fun delete(id: Int) {
        list = list.filter { it.id != id }
        asked -= id
        if (selected == id) selected = null
        changed()
    }

    fun clear() {
        list = emptyList()
        asked.clear()
        selected = null
        changed()
    }

    /** The prompts that the next frame is followed with */
    fun take(): List<PromptRequest> {
        if (asked.isEmpty()) return emptyList()
        val prompts = list.filter { it.id in asked }.map { PromptRequest(it.id, it.points) }
        asked.clear()
        return prompts
    }

    /** No frame was followed with these after all: the next one is, with what is asked of their objects by then. */
    fun giveBack(prompts: List<PromptRequest>) {
        asked += prompts.map { it.id }.filter { find(it) != null }
    }

    /** The picture is another now, in which nobody knows yet where the objects are. */
    fun elsewhere() {
        list = list.map { it.copy(status = null) }
        changed()
    }

    /** What became of the objects in a frame, by their ids. One that was deleted meanwhile stays so. */
    fun see(statuses: Map<Int, ObjectStatus>) {
        val now = list.map { it.copy(status = statuses[it.id] ?: it.status) }
        if (now == list) return
        list = now
        changed()
    }

    private fun ask(points: List<PromptPoint>, still: Long?) {
        val id = selected ?: free()
        list = (list.filter { it.id != id } + FollowedObject(id, points, still)).sortedBy { it.id }
        asked += id
        selected = id
        changed()
    }

    private fun find(id: Int?) = list.find { it.id == id }

    private fun free(): Int = (1..MOST_OBJECTS).find { find(it) == null }
        ?: throw PromptException("$MOST_OBJECTS objects can be followed at once: delete one first.")
}
