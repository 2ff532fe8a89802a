/**
 * Follows the objects through what the camera shows: the newest picture goes to the model whenever that is free, and
 * older ones are dropped. While the picture stands still, a prompt is answered in the picture that is seen.
 */
package dev.vitexport.app.following

import dev.vitexport.app.camera.Picture
import dev.vitexport.app.camera.UprightResize
import dev.vitexport.app.overlay.MaskExchange
import dev.vitexport.core.gate.LatestFrameGate
import dev.vitexport.core.gate.Pacer
import dev.vitexport.core.runners.floats
import dev.vitexport.core.stats.Stats
import dev.vitexport.core.tracker.SeenFrame
import dev.vitexport.core.tracker.Tracker
import java.util.concurrent.Executor

interface FollowerEvents {
    /** Masks of a picture are there; on the model's thread. */
    fun followed()

    /** A picture could not be followed; on the model's thread. */
    fun failed(error: Throwable)
}

/** [side] is that of the model's image. Everything that [Tracker] does happens on [model]. */
class Follower(
    private val tracker: Tracker,
    private val objects: FollowedObjects,
    private val stats: Stats,
    private val pacer: Pacer,
    private val masks: MaskExchange,
    side: Int,
    private val model: Executor,
    private val events: FollowerEvents,
) {
    private val gate = LatestFrameGate<Picture>(model, ::follow, events::failed)
    private val resize = UprightResize(side)
    private val image = floats(3 * side * side)

    /** Whether [image] is the picture that the tracker followed last: to follow it again would fill its memory with it. */
    private var followed = false

    /** The picture that was seen last, while nobody has asked for anything in it. */
    private var seen: Picture? = null

    /** A picture, which is closed here; from the camera's thread. */
    @Synchronized
    fun picture(frame: Picture) {
        seen?.close()
        seen = null
        if (objects.list.isEmpty()) {
            seen = frame
        } else if (pacer.takes(frame.arrived)) {
            gate.offer(frame)
        } else {
            frame.close()
        }
    }

    /** Answer a new prompt in the picture that stands still; a moving one does so with its next. */
    @Synchronized
    fun prompted() {
        val frame = seen
        seen = null
        if (frame != null) gate.offer(frame) else model.execute { restart() }
    }

    /** No picture comes any more, and none is kept. */
    @Synchronized
    fun stop() {
        gate.clear()
        seen?.close()
        seen = null
    }

    /** No longer follow an object; the masks of the others stay. */
    fun forget(id: Int) = model.execute {
        tracker.forget(id)
        showAgain()
    }

    fun forgetAll() = model.execute {
        tracker.forgetAll()
        showAgain()
    }

    private fun follow(frame: Picture) {
        val begun = System.nanoTime()
        followed = false
        resize.write(frame, image)
        val prompts = objects.take()
        val seen = try {
            tracker.follow(image, prompts)
        } catch (error: Exception) {
            objects.giveBack(prompts)
            throw error
        }
        followed = true
        show(seen)
        synchronized(stats) { stats.add(frame.arrived, begun, System.nanoTime(), seen.ms, gate.dropped) }
        events.followed()
    }

    private fun restart() {
        if (!followed || !objects.waiting) return
        try {
            show(tracker.restart(objects.take()))
            events.followed()
        } catch (error: Exception) {
            events.failed(error)
        }
    }

    /** What is left of the picture that was followed last */
    private fun showAgain() {
        show(tracker.restart(emptyList()))
        events.followed()
    }

    private fun show(seen: SeenFrame) {
        val frame = masks.back
        frame.clear()
        for (one in seen.objects) {
            objects.see(one.id, one.status)
            frame.add(one.id, one.maskLogits)
        }
        masks.publish()
    }
}
