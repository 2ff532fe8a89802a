/** The picture with its masks over it, as large as they fit, and above both what a finger does there. */
package dev.vitexport.app.ui

import android.content.Context
import android.graphics.Matrix
import android.util.AttributeSet
import android.view.Surface
import android.view.TextureView
import android.view.ViewGroup
import dev.vitexport.app.R
import dev.vitexport.app.overlay.MaskView
import dev.vitexport.app.overlay.Placement
import kotlin.math.roundToInt

class StageLayout(context: Context, attributes: AttributeSet) : ViewGroup(context, attributes) {
    lateinit var preview: TextureView
        private set
    lateinit var masks: MaskView
        private set
    lateinit var pointing: PointingView
        private set

    // Of the upright picture; nothing while there is none.
    private var pictureWidth = 0
    private var pictureHeight = 0
    private var mirrored = false

    override fun onFinishInflate() {
        super.onFinishInflate()
        preview = findViewById(R.id.preview)
        masks = findViewById(R.id.masks)
        pointing = findViewById(R.id.pointing)
    }

    /** Make room for upright pictures of this size. */
    fun show(width: Int, height: Int, mirrored: Boolean) {
        pictureWidth = width
        pictureHeight = height
        this.mirrored = mirrored
        requestLayout()
    }

    override fun onMeasure(widthSpec: Int, heightSpec: Int) {
        val width = MeasureSpec.getSize(widthSpec)
        val height = MeasureSpec.getSize(heightSpec)
        setMeasuredDimension(width, height)
        val placement = placement(width, height)
        for (view in listOf(preview, masks)) view.measure(exactly(placement.width), exactly(placement.height))
        pointing.measure(exactly(width.toFloat()), exactly(height.toFloat()))
    }

    override fun onLayout(changed: Boolean, left: Int, top: Int, right: Int, bottom: Int) {
        val placement = placement(right - left, bottom - top)
        for (view in listOf(preview, masks)) {
            val x = placement.left.roundToInt()
            val y = placement.top.roundToInt()
            view.layout(x, y, x + view.measuredWidth, y + view.measuredHeight)
        }
        pointing.layout(0, 0, right - left, bottom - top)
        pointing.placement = if (pictureWidth == 0) null else placement
        turnPreview()
    }

    private fun placement(width: Int, height: Int): Placement =
        if (pictureWidth == 0) Placement(width, height, maxOf(1, width), maxOf(1, height), false)
        else Placement(width, height, pictureWidth, pictureHeight, mirrored)

    private fun exactly(pixels: Float): Int = MeasureSpec.makeMeasureSpec(pixels.roundToInt(), MeasureSpec.EXACTLY)

    /**
     * The camera's texture is upright while the device is held as it is by nature, and mirrored by the system where it
     * should be. When the device is turned, the view is the same way up as the picture, and the texture is turned back.
     */
    private fun turnPreview() {
        val width = preview.width.toFloat()
        val height = preview.height.toFloat()
        val turned = when (display?.rotation) {
            Surface.ROTATION_90 -> -90f
            Surface.ROTATION_180 -> 180f
            Surface.ROTATION_270 -> 90f
            else -> 0f
        }
        val matrix = Matrix()
        matrix.postRotate(turned, width / 2, height / 2)
        if (turned == 90f || turned == -90f) matrix.postScale(width / height, height / width, width / 2, height / 2)
        preview.setTransform(matrix)
    }
}
