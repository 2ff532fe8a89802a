/**
 * Hands masks from the thread of the model to that of the screen. There are three frames, taken once: one is written,
 * one is drawn, and the newest that is whole waits between them, so neither thread waits for the other.
 */
package dev.vitexport.app.overlay

import dev.vitexport.core.runners.floats
import java.nio.FloatBuffer

/** The masks of one picture: logits [side, side] of up to [most] objects, positive on the object. */
class MaskFrame(val most: Int, val side: Int) {
    private val ids = IntArray(most)
    private val logits = Array(most) { floats(side * side) }
    var count = 0
        private set

    fun id(place: Int): Int = ids[place]

    fun logits(place: Int): FloatBuffer = logits[place]

    fun clear() {
        count = 0
    }

    /** Copies the logits of an object, of which a tracker writes over its own. Further than [most] are left out. */
    fun add(id: Int, from: FloatBuffer) {
        if (count == most) return
        val copy = logits[count]
        from.rewind()
        copy.rewind()
        copy.put(from)
        copy.rewind()
        from.rewind()
        ids[count] = id
        count += 1
    }
}

class MaskExchange(most: Int, side: Int) {
    private var written = MaskFrame(most, side)
    private var whole = MaskFrame(most, side)
    private var drawn = MaskFrame(most, side)
    private var fresh = false

    /** The frame to write to; only for the thread that publishes. */
    val back: MaskFrame get() = written

    /** What was written is the newest. */
    @Synchronized
    fun publish() {
        written = whole.also { whole = written }
        fresh = true
    }

    /** The newest frame, which is the caller's until it takes another. */
    @Synchronized
    fun take(): MaskFrame {
        if (fresh) drawn = whole.also { whole = drawn }
        fresh = false
        return drawn
    }
}
