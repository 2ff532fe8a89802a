/** Something that takes long: how far it is, and a button that stops it. The screen stays as it is, and on. */
package dev.vitexport.app.ui

import android.app.Activity
import android.content.pm.ActivityInfo
import android.view.View
import android.widget.ProgressBar
import android.widget.TextView
import dev.vitexport.app.R

class LongRun(
    private val activity: Activity, private val view: View, private val starters: List<View>, stop: () -> Unit,
) {
    private val bar: ProgressBar = view.findViewById(R.id.bar)
    private val what: TextView = view.findViewById(R.id.what)

    init {
        view.findViewById<View>(R.id.stop).setOnClickListener { stop() }
    }

    fun begin() = show(true)

    fun end() = show(false)

    /** [share] is 0 to 1 */
    fun progress(share: Double, what: String) {
        bar.progress = (share * bar.max).toInt()
        this.what.text = what
    }

    private fun show(running: Boolean) {
        view.visibility = if (running) View.VISIBLE else View.GONE
        view.keepScreenOn = running
        // A turned activity is made anew, and would not hear how it ended.
        activity.requestedOrientation =
            if (running) ActivityInfo.SCREEN_ORIENTATION_LOCKED else ActivityInfo.SCREEN_ORIENTATION_UNSPECIFIED
        for (starter in starters) starter.isEnabled = !running
    }
}
