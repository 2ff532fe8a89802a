/** The main screen: the camera's picture, objects that are pointed at, and their masks. */
package dev.vitexport.app.ui

import android.app.Activity
import android.view.View
import android.widget.Button
import android.widget.ImageButton
import android.widget.TextView
import android.widget.ToggleButton
import dev.vitexport.app.R
import dev.vitexport.app.camera.CameraFailure
import dev.vitexport.app.camera.Facing
import dev.vitexport.app.camera.Picture
import dev.vitexport.app.device.Conditions
import dev.vitexport.app.following.Tracking
import dev.vitexport.app.following.TrackingEvents
import dev.vitexport.app.model.Workbench
import dev.vitexport.app.overlay.Place
import dev.vitexport.core.tracker.PromptException

class TrackScreen(
    private val activity: Activity,
    private val workbench: Workbench,
    private val tracking: Tracking,
    private val conditions: Conditions,
    private val notices: Notices,
    private val asking: Asking,
) : Screen, PointingEvents, PictureEvents, TrackingEvents {

    override val view: View = activity.layoutInflater.inflate(R.layout.screen_track, null)
    private val stage: StageLayout = view.findViewById(R.id.stage)
    private val hint: TextView = view.findViewById(R.id.hint)
    private val slow: TextView = view.findViewById(R.id.conditions)
    private val camera: Button = view.findViewById(R.id.camera)
    private val pause: ImageButton = view.findViewById(R.id.pause)
    private val flip: ImageButton = view.findViewById(R.id.flip)
    private val beside: ToggleButton = view.findViewById(R.id.beside)
    private val clear: ImageButton = view.findViewById(R.id.clear)
    private val picture = CameraPicture(stage, this) { workbench.settings.overlayOpacity }
    private val chips =
        ObjectChips(view.findViewById(R.id.chips), view.findViewById(R.id.news), tracking.objects, tracking::forget)
    private val figures = LiveFigures(view, tracking.stats)
    private val refresh = Runnable { update() }
    private val refreshFigures = Runnable { figures.update() }
    private val reopened = { reopened() }
    private val paced = { update() }
    private var visible = false

    init {
        stage.pointing.events = this
        stage.masks.failed = { notices.say(activity.getString(R.string.no_masks, it)) }
        camera.setOnClickListener { openCamera() }
        pause.setOnClickListener { picture.pauseOrResume() }
        flip.setOnClickListener { flip() }
        clear.setOnClickListener { tracking.clear() }
        workbench.onChange(reopened)
        conditions.onChange(paced) // a device that is too hot follows nothing, and so nothing else would say it
        reopened()
    }

    /** The camera comes back with the screen, such as when the device is turned. */
    override fun shown() {
        visible = true
        tracking.events = this
        picture.look()
        update()
        if (tracking.watching && !picture.open) {
            tracking.objects.elsewhere() // nobody knows yet where they are in what it shows now
            openCamera()
        }
    }

    /** A camera that nobody looks at is off. */
    override fun hidden() {
        visible = false
        tracking.events = null
        picture.close()
    }

    override fun release() {
        workbench.noLonger(reopened)
        conditions.noLonger(paced)
        picture.release()
    }

    private fun reopened() {
        stage.masks.show(tracking.masks)
        update()
    }

    private fun openCamera() {
        val opened = workbench.opened ?: return notices.say(activity.getString(R.string.open_first))
        asking.camera { allowed ->
            when {
                !visible -> Unit // the person looks at something else by now
                allowed -> {
                    tracking.watching = true
                    picture.open(workbench.remembered.facing, opened.session.side)
                }
                else -> failed(CameraFailure.REFUSED)
            }
        }
    }

    private fun flip() {
        val remembered = workbench.remembered
        remembered.facing = if (remembered.facing == Facing.AWAY) Facing.TOWARDS else Facing.AWAY
        picture.close()
        tracking.clear()
        openCamera()
    }

    override fun point(at: Place) = pointing { side ->
        tracking.objects.point(at.x * side, at.y * side, !beside.isChecked, picture.still)
    }

    override fun box(upperLeft: Place, lowerRight: Place) = pointing { side ->
        tracking.objects.box(
            upperLeft.x * side, upperLeft.y * side, lowerRight.x * side, lowerRight.y * side, picture.still,
        )
    }

    private fun pointing(point: (Int) -> Unit) {
        val opened = workbench.opened ?: return notices.say(activity.getString(R.string.open_first))
        workbench.busy()?.let { return notices.say(it) }
        try {
            point(opened.session.side)
            if (picture.paused) tracking.prompted()
        } catch (error: PromptException) {
            notices.say(error.message.orEmpty())
        }
    }

    override fun picture(frame: Picture) = tracking.picture(frame)

    override fun ending() = tracking.rest()

    /** Figures alone: what the main thread does for each picture should be little. */
    override fun followed() {
        stage.masks.changed()
        view.removeCallbacks(refreshFigures)
        view.post(refreshFigures)
    }

    /** Once, however often it is said before the screen is drawn next; from any thread. */
    override fun changed() {
        view.removeCallbacks(refresh)
        view.post(refresh)
    }

    override fun failed(failure: CameraFailure) {
        tracking.watching = false
        notices.say(activity.getString(failure.sentence))
    }

    private fun update() {
        chips.update()
        figures.update()
        val words = when {
            workbench.opening -> activity.getString(R.string.opening)
            workbench.opened == null -> activity.getString(R.string.open_first)
            !picture.open -> activity.getString(R.string.private_hint)
            tracking.objects.list.isEmpty() -> activity.getString(R.string.point_hint)
            else -> ""
        }
        say(hint, words)
        say(slow, pace(activity, conditions, tracking.pacing).orEmpty())
        camera.visibility = if (picture.open) View.GONE else View.VISIBLE
        pause.visibility = if (picture.open) View.VISIBLE else View.GONE
        pause.setImageResource(if (picture.paused) R.drawable.ic_play else R.drawable.ic_pause)
        pause.contentDescription = activity.getString(if (picture.paused) R.string.resume else R.string.pause)
        flip.visibility = if (picture.open && picture.several) View.VISIBLE else View.GONE
        beside.visibility = if (picture.paused) View.VISIBLE else View.GONE
        if (!picture.paused) beside.isChecked = false // nobody could turn it off any more
        clear.isEnabled = tracking.objects.list.isNotEmpty()
    }

    /** Ears hear a sentence whenever it is set: only when it is another one. */
    private fun say(line: TextView, words: String) {
        if (line.text.toString() != words) line.text = words
        line.visibility = if (words.isEmpty()) View.GONE else View.VISIBLE
    }
}
