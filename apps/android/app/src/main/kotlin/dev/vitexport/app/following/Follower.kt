/**
 * Follows the objects through what the camera shows: the newest picture goes to the model whenever that is free, and
 * older ones are dropped. While the picture stands still, a prompt is answered in the picture that is seen.
 */
package dev.vitexport.app.following

import dev.vitexport.app.camera.Picture
import dev.vitexport.app.overlay.MaskExchange
import dev.vitexport.core.following.FrameTimes
import dev.vitexport.core.following.Stats
import dev.vitexport.core.frames.LatestFrameGate
import dev.vitexport.core.frames.Pacing
import dev.vitexport.core.runners.floats
import dev.vitexport.core.tracker.ObjectStatus
import dev.vitexport.core.tracker.SeenObject
import dev.vitexport.core.tracker.Tracker
import java.util.concurrent.Executor

interface FollowerEvents {
    /** Masks of a picture are there; on the model's thread. */
    fun followed()

    /** A picture could not be followed; on the model's thread. */
    fun failed(error: Throwable)
}

/** [side] is that of the model's image. What [Tracker] does happens on [model]; calls may come from any thread. */
class Follower(
    private val tracker: Tracker,
    private val objects: SharedObjects,
    private val stats: Stats,
    private val pacing: Pacing,
    private val masks: MaskExchange,
    side: Int,
    private val model: Executor,
    private val events: FollowerEvents,
) {
    private val gate = LatestFrameGate(model, ::follow, events::failed)
    private val upright = UprightImages(side)
    private val image = floats(3 * side * side)

    /** Whether [image] is what was followed last: to follow it again would fill the memory with it. */
    private var followed = false
    private var droppedBefore = 0L

    /** The picture that was seen last, while nobody has asked for anything in it */
    private var seen: Picture? = null
    private var ended = false

    /** A picture, which is closed here. */
    @Synchronized
    fun picture(picture: Picture) {
        seen?.close()
        seen = null
        when {
            ended -> picture.close()
            objects.list.isEmpty() -> seen = picture
            pacing.passes(picture.arrived) -> gate.offer(picture)
            else -> picture.close()
        }
    }

    /** Answer a new prompt in the picture that stands still; one that moves does so with its next. */
    @Synchronized
    fun prompted() {
        val picture = seen
        seen = null
        if (picture != null) gate.offer(picture) else model.execute(::restart)
    }

    /** No picture comes any more, and none is kept. */
    @Synchronized
    fun stop() {
        gate.clear()
        seen?.close()
        seen = null
    }

    /**
     * Nothing is followed any more. The camera's thread may have a picture on the way here: its reader cannot be closed
     * before that is, and the graphs are closed next.
     */
    @Synchronized
    fun end() {
        ended = true
        stop()
    }

    /**
     * No longer follow objects that were deleted; the masks of the others stay. The number of one may have been given
     * to a new one meanwhile, whose prompt starts it anew.
     */
    fun forgetDeleted() = model.execute {
        val left = objects.list.map { it.id }
        for (id in tracker.objects.map { it.id } - left.toSet()) tracker.forget(id)
        show(tracker.objects)
        events.followed()
    }

    private fun follow(picture: Picture) {
        val begun = System.nanoTime()
        // One that waited may have its turn while the model is to rest; a prompt is answered all the same.
        if (!objects.isAsked && !pacing.passes(begun)) return
        followed = false
        upright.write(picture, image)
        val prompts = objects.take()
        val found = try {
            tracker.follow(image, prompts)
        } catch (error: Exception) {
            objects.giveBack(prompts)
            throw error
        }
        followed = true
        show(found)
        val shown = System.nanoTime()
        pacing.worked(begun, shown)
        val dropped = gate.dropped
        val graphs = tracker.times.byName()
        stats.add(FrameTimes(ms(picture.arrived), ms(begun), ms(shown), graphs, dropped - droppedBefore))
        droppedBefore = dropped
        events.followed()
    }

    private fun restart() {
        if (!followed || !objects.isAsked) return
        val prompts = objects.take()
        try {
            show(tracker.restart(prompts))
            events.followed()
        } catch (error: Exception) {
            objects.giveBack(prompts)
            events.failed(error)
        }
    }

    private fun show(found: List<SeenObject>) {
        objects.see(found)
        val frame = masks.back
        frame.clear()
        for (index in found.indices) {
            val one = found[index]
            if (one.status != ObjectStatus.LOST) frame.add(one.id, one.maskLogits)
        }
        masks.publish()
    }

    private fun ms(nanoseconds: Long): Double = nanoseconds / 1e6
}
