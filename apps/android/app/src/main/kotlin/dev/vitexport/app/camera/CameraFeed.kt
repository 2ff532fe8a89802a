/**
 * The camera's pictures: to the screen, and to whoever works on them. All of it happens on a thread of the camera's
 * own; `events` are called there.
 */
package dev.vitexport.app.camera

import android.annotation.SuppressLint
import android.graphics.ImageFormat
import android.graphics.SurfaceTexture
import android.hardware.camera2.CameraAccessException
import android.hardware.camera2.CameraCaptureSession
import android.hardware.camera2.CameraDevice
import android.hardware.camera2.CameraManager
import android.hardware.camera2.CaptureRequest
import android.media.Image
import android.media.ImageReader
import android.os.Handler
import android.os.HandlerThread
import android.view.Surface
import dev.vitexport.core.frames.Rotation
import java.util.concurrent.ArrayBlockingQueue

/** One picture is worked on, one waits, one is kept while nobody asks for anything, and one arrives. */
private const val PICTURES = 4

/** To pass over older pictures a reader holds two more. */
private const val HELD = PICTURES + 2

interface CameraEvents {
    /** A picture, which is the callee's to close. */
    fun picture(frame: Picture)

    /** No picture comes any more: whoever keeps one closes it. */
    fun ending()

    /** Why there are no more pictures. */
    fun failed(failure: CameraFailure)
}

class CameraFeed(private val manager: CameraManager, private val events: CameraEvents) {
    private val thread = HandlerThread("camera").apply { start() }
    private val handler = Handler(thread.looper)
    private val frames = ArrayBlockingQueue<CameraFrame>(PICTURES).apply {
        repeat(PICTURES) { add(CameraFrame { closed -> offer(closed) }) }
    }
    private var reader: ImageReader? = null
    private var device: CameraDevice? = null
    private var session: CameraCaptureSession? = null
    private var preview: Surface? = null
    private var request: CaptureRequest? = null

    /** Of openings: what a camera says that is no longer wanted is not heard. */
    private var opening = 0

    /** Cameras that are being opened, and of which nothing was heard yet */
    private var awaited = 0
    private var released = false

    /** By which pictures are turned to be upright; it changes when the device is turned. */
    @Volatile
    var rotation = Rotation.NONE

    /** Looks for the camera of one side, for a model's image of so many [pixels] a side; [found] is called there. */
    fun find(facing: Facing, pixels: Int, found: (CameraSide) -> Unit) {
        handler.post {
            trying {
                val side = CameraSide.find(manager, facing, pixels)
                if (side == null) fail(CameraFailure.NONE) else found(side)
            }
        }
    }

    /** Shows the pictures of [side] on [texture]. The app has the permission for the camera. */
    fun start(side: CameraSide, texture: SurfaceTexture) {
        handler.post {
            close()
            begin(side, texture)
        }
    }

    /** The picture stands still; the camera stays open. */
    fun pause() {
        handler.post { trying { session?.stopRepeating() } }
    }

    fun resume() {
        handler.post { trying { repeat() } }
    }

    /** [stopped] is called once nothing is written any more; returns false where it never is, after [release]. */
    fun stop(stopped: () -> Unit = {}): Boolean = handler.post {
        close()
        stopped()
    }

    /**
     * The feed is of no use then. Its thread ends once nothing is being opened any more: a camera that came to a thread
     * that has ended would be closed by nobody, and stay on.
     */
    fun release() {
        handler.post {
            released = true
            close()
            endIfDone()
        }
    }

    private fun endIfDone() {
        if (released && awaited == 0) thread.quitSafely()
    }

    @SuppressLint("MissingPermission") // whoever starts the feed was given it, and losing it is caught below
    private fun begin(side: CameraSide, texture: SurfaceTexture) = trying {
        val current = ++opening
        val (model, shown) = side.sizes
        texture.setDefaultBufferSize(shown.width, shown.height)
        preview = Surface(texture)
        reader = ImageReader.newInstance(model.width, model.height, ImageFormat.YUV_420_888, HELD).apply {
            setOnImageAvailableListener({ arrived(it) }, handler)
        }
        manager.openCamera(side.id, Opened(current), handler)
        awaited += 1
    }

    private inner class Opened(private val current: Int) : CameraDevice.StateCallback() {
        private var heard = false

        override fun onOpened(camera: CameraDevice) {
            hear()
            if (current != opening) return camera.close()
            device = camera
            trying { stream(camera) }
        }

        override fun onDisconnected(camera: CameraDevice) = ended(camera, CameraFailure.TAKEN)

        override fun onError(camera: CameraDevice, error: Int) = ended(camera, CameraFailure.ofDevice(error))

        private fun ended(camera: CameraDevice, failure: CameraFailure) {
            hear()
            camera.close()
            if (current == opening) fail(failure)
        }

        private fun hear() {
            if (!heard) awaited -= 1
            heard = true
            endIfDone()
        }
    }

    @Suppress("DEPRECATION") // its successor needs API 28
    private fun stream(camera: CameraDevice) {
        val targets = listOf(preview!!, reader!!.surface)
        camera.createCaptureSession(targets, Streaming(camera, targets, opening), handler)
    }

    private inner class Streaming(
        private val camera: CameraDevice, private val targets: List<Surface>, private val current: Int,
    ) : CameraCaptureSession.StateCallback() {
        override fun onConfigured(configured: CameraCaptureSession) {
            if (current != opening) return
            session = configured
            trying {
                val all = camera.createCaptureRequest(CameraDevice.TEMPLATE_RECORD)
                targets.forEach(all::addTarget) // and focus as the template has it: not every camera can focus
                request = all.build()
                repeat()
            }
        }

        override fun onConfigureFailed(configured: CameraCaptureSession) {
            if (current == opening) fail(CameraFailure.NO_SESSION)
        }
    }

    private fun repeat() {
        session?.setRepeatingRequest(request ?: return, null, handler)
    }

    private fun arrived(from: ImageReader) {
        val image: Image = from.acquireLatestImage() ?: return
        val frame = frames.poll() ?: return image.close()
        frame.fill(image, rotation)
        events.picture(frame)
    }

    /** A camera may go between any two calls, and the permission with it. */
    private fun trying(act: () -> Unit) {
        try {
            act()
        } catch (error: CameraAccessException) {
            fail(CameraFailure.of(error))
        } catch (_: SecurityException) {
            fail(CameraFailure.REFUSED)
        } catch (_: IllegalStateException) {
            fail(CameraFailure.TAKEN) // it was closed meanwhile
        } catch (_: IllegalArgumentException) {
            fail(CameraFailure.GONE) // there is no such camera any more, or nothing to show its pictures on
        }
    }

    private fun fail(failure: CameraFailure) {
        close()
        events.failed(failure)
    }

    private fun close() {
        opening += 1
        session?.close()
        device?.close()
        closeReader()
        preview?.release()
        session = null
        device = null
        preview = null
        request = null
    }

    /** A reader takes the memory of its pictures with it: all that are out have to come back first, and do. */
    private fun closeReader() {
        val closing = reader ?: return
        events.ending()
        val back = List(PICTURES) { frames.take() }
        closing.close()
        reader = null
        frames.addAll(back)
    }
}
