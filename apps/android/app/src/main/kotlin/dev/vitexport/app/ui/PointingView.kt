/** Turns fingers, keys and TalkBack's taps on the picture into points and boxes, and draws what they do. */
package dev.vitexport.app.ui

import android.content.Context
import android.graphics.Canvas
import android.graphics.Paint
import android.util.AttributeSet
import android.view.KeyEvent
import android.view.MotionEvent
import android.view.View
import android.view.ViewConfiguration
import dev.vitexport.app.R
import dev.vitexport.app.overlay.Place
import dev.vitexport.app.overlay.Placement
import kotlin.math.hypot
import kotlin.math.max
import kotlin.math.min

interface PointingEvents {
    /** Places are 0 to 1 across the upright picture, however it is shown. */
    fun point(at: Place)

    fun box(upperLeft: Place, lowerRight: Place)
}

/** Of the picture, a press of an arrow key */
private const val STEP = 0.02f

/** dp */
private const val LINE = 2f
private const val CROSS_HAIR = 18f

private val ARROWS = mapOf(
    KeyEvent.KEYCODE_DPAD_LEFT to Place(-STEP, 0f),
    KeyEvent.KEYCODE_DPAD_RIGHT to Place(STEP, 0f),
    KeyEvent.KEYCODE_DPAD_UP to Place(0f, -STEP),
    KeyEvent.KEYCODE_DPAD_DOWN to Place(0f, STEP),
)

private val MIDDLE = Place(0.5f, 0.5f)

class PointingView(context: Context, attributes: AttributeSet) : View(context, attributes) {
    var events: PointingEvents? = null

    /** Where the picture is; null while there is none, and nothing to point at. */
    var placement: Placement? = null
        set(value) {
            field = value
            invalidate() // the cross-hair goes with the picture
        }

    private val slip = ViewConfiguration.get(context).scaledTouchSlop
    private val density = resources.displayMetrics.density
    private val line = Paint(Paint.ANTI_ALIAS_FLAG).apply {
        style = Paint.Style.STROKE
        strokeWidth = LINE * density
        color = context.getColor(R.color.on_picture)
        setShadowLayer(LINE * density, 0f, 0f, context.getColor(R.color.stage))
    }
    private var pressed: Place? = null
    private var dragged: Place? = null

    /** In the picture, 0 to 1, so that it stays there when the layout changes; what a key, or TalkBack, points at */
    private var crossHair: Place? = null

    init {
        isClickable = true
    }

    override fun onTouchEvent(event: MotionEvent): Boolean {
        val at = Place(event.x, event.y)
        when (event.actionMasked) {
            MotionEvent.ACTION_DOWN -> pressed = at.takeIf { placement?.holds(it) == true }
            MotionEvent.ACTION_MOVE -> drag(at)
            MotionEvent.ACTION_UP -> release(at)
            // A second finger: whoever uses two means neither a point nor a box.
            MotionEvent.ACTION_POINTER_DOWN, MotionEvent.ACTION_CANCEL -> end()
        }
        return true
    }

    private fun drag(at: Place) {
        val from = pressed ?: return
        if (dragged == null && hypot(at.x - from.x, at.y - from.y) < slip) return
        dragged = at
        invalidate()
    }

    private fun release(at: Place) {
        drag(at)
        val from = pressed
        val to = dragged
        end()
        val shown = placement
        if (from == null || shown == null) return
        if (to == null) {
            crossHair = null
            events?.point(shown.toPicture(from))
        } else {
            val one = shown.toPicture(from)
            val other = shown.toPicture(to)
            events?.box(
                Place(min(one.x, other.x), min(one.y, other.y)), Place(max(one.x, other.x), max(one.y, other.y)),
            )
        }
    }

    private fun end() {
        pressed = null
        dragged = null
        invalidate()
    }

    /** TalkBack's double tap, and the enter key: there is no finger, so it is the cross-hair that points. */
    override fun performClick(): Boolean {
        super.performClick()
        if (placement == null) return false
        val at = crossHair ?: MIDDLE
        crossHair = at
        invalidate()
        events?.point(at)
        return true
    }

    override fun onKeyDown(code: Int, event: KeyEvent): Boolean {
        val shown = placement
        val step = ARROWS[code]
        if (shown == null || step == null) return super.onKeyDown(code, event)
        val from = shown.toBox(crossHair ?: MIDDLE)
        val to = Place(from.x + step.x * shown.width, from.y + step.y * shown.height)
        if (!shown.holds(to)) return super.onKeyDown(code, event) // the focus goes on to what is there
        crossHair = shown.toPicture(to)
        invalidate()
        return true
    }

    override fun onDraw(canvas: Canvas) {
        val from = pressed
        val to = dragged
        if (from != null && to != null) {
            canvas.drawRect(min(from.x, to.x), min(from.y, to.y), max(from.x, to.x), max(from.y, to.y), line)
        }
        val (x, y) = placement?.toBox(crossHair ?: return) ?: return
        val arm = CROSS_HAIR * density
        canvas.drawLine(x - arm, y, x + arm, y, line)
        canvas.drawLine(x, y - arm, x, y + arm, line)
    }
}
