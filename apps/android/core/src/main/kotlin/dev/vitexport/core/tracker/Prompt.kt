/** A user's prompt in pixels of the model's square image, and the fixed shape in which graphs take it. */
package dev.vitexport.core.tracker

import java.nio.FloatBuffer

/** How many points a graph takes */
const val POINTS = 4

/** Says that there is no point: it has no effect whatever */
internal const val ABSENT = -2f

/** What a point is; `value` is what graphs take for it. */
enum class Label(val value: Float) {
    BESIDE(0f),
    ON(1f),
    UPPER_LEFT(2f),
    LOWER_RIGHT(3f),
    ;

    companion object {
        /** Null where the value is that of none */
        fun of(value: Float): Label? = entries.find { it.value == value }
    }
}

data class PromptPoint(val x: Float, val y: Float, val label: Label)

/** A prompt for an object, which starts anew with it. */
data class PromptRequest(val id: Int, val points: List<PromptPoint>)

/** A prompt that no graph takes, in one sentence. */
class PromptException(message: String) : Exception(message)

/** Throws [PromptException] for a prompt of no points, or of more than a graph takes. */
internal fun checkPrompt(points: List<PromptPoint>) {
    if (points.size !in 1..POINTS) {
        throw PromptException("A prompt has 1 to $POINTS points, a box counting as two; ${points.size} were given.")
    }
}

/** Write what graphs take: `points` [1, 4, 2] and `labels` [1, 4]. */
internal fun writePrompt(prompt: List<PromptPoint>, points: FloatBuffer, labels: FloatBuffer) {
    for (place in 0 until POINTS) {
        val point = prompt.getOrNull(place)
        points.put(2 * place, point?.x ?: 0f)
        points.put(2 * place + 1, point?.y ?: 0f)
        labels.put(place, point?.label?.value ?: ABSENT)
    }
}
