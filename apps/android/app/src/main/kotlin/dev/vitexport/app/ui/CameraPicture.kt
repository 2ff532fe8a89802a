/** The camera's picture on the stage: opened, turned, flipped, paused, and let go of. */
package dev.vitexport.app.ui

import android.graphics.SurfaceTexture
import android.hardware.camera2.CameraManager
import android.hardware.display.DisplayManager
import android.os.Handler
import android.os.Looper
import android.view.TextureView
import dev.vitexport.app.camera.CameraEvents
import dev.vitexport.app.camera.CameraFailure
import dev.vitexport.app.camera.CameraFeed
import dev.vitexport.app.camera.CameraSide
import dev.vitexport.app.camera.Facing
import dev.vitexport.app.camera.Picture
import dev.vitexport.app.camera.upright
import dev.vitexport.core.frames.Rotation

interface PictureEvents {
    /** A picture, which is the callee's to close; on the camera's thread. */
    fun picture(frame: Picture)

    /** No picture comes any more: whoever keeps one closes it; on the camera's thread. */
    fun ending()

    /** It is there, gone, stands still, or lies otherwise; on the main thread. */
    fun changed()

    /** Why there is none; on the main thread. */
    fun failed(failure: CameraFailure)
}

/** [opacity] of the masks is asked for whenever they may look otherwise. */
class CameraPicture(
    private val stage: StageLayout,
    private val events: PictureEvents,
    private val opacity: () -> Float,
) : CameraEvents, TextureView.SurfaceTextureListener, DisplayManager.DisplayListener {

    private val displays = stage.context.getSystemService(DisplayManager::class.java)
    private val feed = CameraFeed(stage.context.getSystemService(CameraManager::class.java), this)
    private val main = Handler(Looper.getMainLooper())

    /** The camera that is open, or being opened; null where none is, or it is still looked for */
    private var side: CameraSide? = null

    /** Of openings: a camera that was found for one that is no longer wanted stays off. */
    private var opening = 0

    /** Whether there are cameras on both sides */
    val several: Boolean get() = side?.several == true

    val open: Boolean get() = side != null

    /**
     * The number of the picture that stands still, which no other has, however often the activity is made anew; null
     * while it moves.
     */
    var still: Long? = null
        private set

    val paused: Boolean get() = still != null

    init {
        stage.preview.surfaceTextureListener = this
    }

    /** Show the camera of one side, for a model whose image has so many pixels a side. The permission is there. */
    fun open(facing: Facing, pixels: Int) {
        val current = ++opening
        feed.find(facing, pixels) { found -> main.post { if (current == opening) show(found) } }
    }

    private fun show(found: CameraSide) {
        side = found
        still = null
        displays.registerDisplayListener(this, main)
        lie()
        start()
        events.changed()
    }

    fun close() {
        opening += 1
        if (side == null) return
        displays.unregisterDisplayListener(this)
        side = null
        still = null
        feed.stop()
        events.changed()
    }

    fun pauseOrResume() {
        if (paused) {
            still = null
            feed.resume()
        } else {
            still = System.nanoTime()
            feed.pause()
        }
        events.changed()
    }

    /** Masks are to be drawn with another opacity. */
    fun look() = stage.masks.look(side?.facing == Facing.TOWARDS, opacity())

    /** The threads end; it is of no use then. */
    fun release() {
        close()
        feed.release()
        stage.masks.release()
    }

    /** How the picture lies depends on how the device is held. */
    private fun lie() {
        val shown = side ?: return
        val display = DEGREES[stage.display?.rotation ?: 0]
        val rotation = upright(shown.orientation, display, shown.facing)
        feed.rotation = rotation
        val (width, height) = shown.sizes.model
        val onSide = rotation == Rotation.RIGHT || rotation == Rotation.LEFT
        stage.show(if (onSide) height else width, if (onSide) width else height, shown.facing == Facing.TOWARDS)
        look()
    }

    private fun start() {
        val shown = side ?: return
        val texture = stage.preview.surfaceTexture ?: return // it comes, and then this is called again
        feed.start(shown, texture)
    }

    override fun picture(frame: Picture) = events.picture(frame)

    override fun ending() = events.ending()

    override fun failed(failure: CameraFailure) {
        main.post {
            close()
            events.failed(failure)
        }
    }

    override fun onSurfaceTextureAvailable(texture: SurfaceTexture, width: Int, height: Int) = start()

    override fun onSurfaceTextureSizeChanged(texture: SurfaceTexture, width: Int, height: Int) = Unit

    override fun onSurfaceTextureUpdated(texture: SurfaceTexture) = Unit

    /** False: the texture is released once the camera no longer writes to it. */
    override fun onSurfaceTextureDestroyed(texture: SurfaceTexture): Boolean = !feed.stop(texture::release)

    /** Turned on its head, the device has the same configuration, and the activity hears of nothing. */
    override fun onDisplayChanged(display: Int) = lie()

    override fun onDisplayAdded(display: Int) = Unit

    override fun onDisplayRemoved(display: Int) = Unit

    private companion object {
        /** `Surface.ROTATION_0` to `Surface.ROTATION_270` */
        val DEGREES = intArrayOf(0, 90, 180, 270)
    }
}
