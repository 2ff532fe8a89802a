/** `Overlay`: the masks over the picture. It is laid out exactly over what it is drawn on, and lets touches through. */
package dev.vitexport.app.overlay

import android.content.Context
import android.graphics.SurfaceTexture
import android.os.Handler
import android.os.HandlerThread
import android.os.Looper
import android.util.AttributeSet
import android.view.TextureView

/** How masks are drawn. */
class MaskLook(
    /** Whether the picture is shown as in a mirror */
    val mirrored: Boolean,
    /** Of the mask's inside, 0 to 1 */
    val opacity: Float,
    /** Width of the outline in pixels of the screen */
    val outline: Float,
)

/** dp */
private const val OUTLINE = 2.5f

class MaskView(context: Context, attributes: AttributeSet) :
    TextureView(context, attributes), TextureView.SurfaceTextureListener {

    /** Draws, and draws only when there is something new: nothing here runs with the screen's clock. */
    private val thread = HandlerThread("overlay").apply { start() }
    private val handler = Handler(thread.looper)
    private val main = Handler(Looper.getMainLooper())
    private val redraw = Runnable { draw() }

    // Of the thread:
    private var surface: GlSurface? = null
    private var program: MaskProgram? = null
    private var masks: MaskExchange? = null
    private var look = MaskLook(false, 0f, 0f)
    private var shownWidth = 0
    private var shownHeight = 0

    // Of the main thread:
    private var released = false

    /** Hears why masks cannot be drawn, once, on the main thread. */
    var failed: (String) -> Unit = {}

    init {
        isOpaque = false
        surfaceTextureListener = this
    }

    /** Masks come from here from now on; null while there are none. */
    fun show(exchange: MaskExchange?) {
        handler.post {
            if (surface != null) program?.release() // the next may be of another side
            program = null
            masks = exchange
            draw()
        }
    }

    fun look(mirrored: Boolean, opacity: Float) {
        val next = MaskLook(mirrored, opacity, OUTLINE * resources.displayMetrics.density)
        handler.post {
            look = next
            draw()
        }
    }

    /** There are new masks; from any thread. */
    fun changed() {
        handler.removeCallbacks(redraw)
        handler.post(redraw)
    }

    /**
     * The view is of no use then. Its thread ends after the surface, which the system takes only when the activity is
     * gone: a thread that ended before would leave the context, and all that is in it, to nobody.
     */
    fun release() {
        released = true
        if (!isAvailable) thread.quitSafely()
    }

    private fun draw() {
        val onto = surface ?: return
        val from = masks
        try {
            val frame = from?.take() ?: EMPTY
            val drawing = program ?: MaskProgram(frame.most, frame.side).also { program = it }
            drawing.draw(frame, look, shownWidth, shownHeight)
            onto.show()
        } catch (error: ShaderError) {
            fail(error)
        }
    }

    private fun fail(error: Exception) {
        drop()
        main.post { failed(error.message.orEmpty()) } // the view's own queue waits where the view is gone
    }

    /** The context takes the program and its texture with it. */
    private fun drop() {
        surface?.release()
        surface = null
        program = null
    }

    override fun onSurfaceTextureAvailable(texture: SurfaceTexture, width: Int, height: Int) {
        handler.post {
            try {
                surface = GlSurface(texture)
                program = null
                resized(width, height)
            } catch (error: GlError) {
                fail(error)
            }
        }
    }

    override fun onSurfaceTextureSizeChanged(texture: SurfaceTexture, width: Int, height: Int) {
        handler.post { resized(width, height) }
    }

    override fun onSurfaceTextureUpdated(texture: SurfaceTexture) = Unit

    /** False: the texture is released on the thread that draws on it. */
    override fun onSurfaceTextureDestroyed(texture: SurfaceTexture): Boolean {
        val posted = handler.post {
            drop()
            texture.release()
        }
        if (released) thread.quitSafely()
        return !posted
    }

    private fun resized(width: Int, height: Int) {
        shownWidth = width
        shownHeight = height
        draw()
    }

    private companion object {
        val EMPTY = MaskFrame(1, 1)
    }
}
