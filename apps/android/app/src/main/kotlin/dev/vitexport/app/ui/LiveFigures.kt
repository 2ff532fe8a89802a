/** How fast it goes, in four figures that are always seen. */
package dev.vitexport.app.ui

import android.os.SystemClock
import android.view.View
import android.widget.TextView
import dev.vitexport.app.R
import dev.vitexport.core.following.Stats

/** ms; more often nobody reads figures */
private const val REFRESH = 250L

class LiveFigures(private val view: View, private val stats: Stats) {
    private val fps: TextView = view.findViewById(R.id.fps)
    private val frame: TextView = view.findViewById(R.id.frame_ms)
    private val age: TextView = view.findViewById(R.id.mask_age)
    private val dropped: TextView = view.findViewById(R.id.dropped)
    private var shown = 0L

    /** The figures changed; they are shown if it is time. */
    fun update() {
        val now = SystemClock.uptimeMillis()
        if (now - shown < REFRESH) return
        shown = now
        val summary = stats.summary()
        show(fps, R.string.fps, summary.fps?.let { "%.1f".format(it) })
        show(frame, R.string.frame_ms, summary.frame?.p50?.let(::ms))
        show(age, R.string.mask_age, stats.age?.let(::ms))
        show(dropped, R.string.dropped, summary.dropped.toString())
    }

    private fun show(figure: TextView, words: Int, value: String?) {
        figure.text = view.context.getString(words, value ?: view.context.getString(R.string.unknown))
    }
}
