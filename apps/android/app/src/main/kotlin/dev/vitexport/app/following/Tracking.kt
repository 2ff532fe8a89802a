/** The objects of the bundle that is open, and what follows them. It outlives the screen that shows them. */
package dev.vitexport.app.following

import dev.vitexport.app.camera.Picture
import dev.vitexport.app.model.Opened
import dev.vitexport.app.model.Workbench
import dev.vitexport.app.overlay.MaskExchange
import dev.vitexport.core.following.MOST_OBJECTS
import dev.vitexport.core.following.Stats
import dev.vitexport.core.frames.Pacing

/** What a screen hears of it. */
interface TrackingEvents {
    /** There are new masks; on the model's thread. */
    fun followed()

    /** Objects came, went, or fare otherwise; on any thread. */
    fun changed()
}

/** [failed] hears why a picture could not be followed, on the model's thread, whichever screen is in view. */
class Tracking(
    private val workbench: Workbench, val pacing: Pacing, private val failed: (Throwable) -> Unit,
) : FollowerEvents {
    val stats = Stats()
    val objects = SharedObjects { events?.changed() }

    /** Null while nothing is open */
    var masks: MaskExchange? = null
        private set

    /** The screen that is in view */
    @Volatile
    var events: TrackingEvents? = null

    /** Whether the camera is on whenever its screen is in view; each process begins without. Of the main thread. */
    var watching = false

    @Volatile
    private var follower: Follower? = null
    private var followed: Opened? = null

    init {
        workbench.onChange(::reopened)
    }

    /** Other graphs know nothing of the objects. */
    private fun reopened() {
        val opened = workbench.opened
        if (opened === followed) return
        follower?.end()
        followed = opened
        objects.clear()
        stats.clear()
        val side = opened?.session?.side ?: return
        val exchange = MaskExchange(MOST_OBJECTS, side / LOGIT)
        masks = exchange
        follower = Follower(opened.session.tracker(), objects, stats, pacing, exchange, side, workbench.thread, this)
    }

    /** A picture of the camera, which is closed here. */
    fun picture(picture: Picture) {
        val now = follower
        if (now == null || workbench.occupied != null) picture.close() else now.picture(picture)
    }

    fun prompted() {
        follower?.prompted()
    }

    /** No picture comes for a while. */
    fun rest() {
        follower?.stop()
    }

    fun forget(id: Int) {
        objects.delete(id)
        follower?.forgetDeleted()
    }

    fun clear() {
        objects.clear()
        stats.clear()
        follower?.forgetDeleted()
    }

    override fun followed() {
        events?.followed()
    }

    override fun failed(error: Throwable) = failed.invoke(error)

    private companion object {
        /** Pixels of the image for each mask logit */
        const val LOGIT = 4
    }
}
