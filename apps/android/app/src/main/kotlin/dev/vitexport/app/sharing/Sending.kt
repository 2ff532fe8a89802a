/** Where a person says to which service a result goes, and that it goes. Without this package the app sends nothing. */
package dev.vitexport.app.sharing

import android.app.Activity
import android.app.AlertDialog
import android.view.View
import android.widget.EditText
import dev.vitexport.app.R
import dev.vitexport.app.settings.Remembered
import dev.vitexport.app.ui.Notices
import dev.vitexport.app.ui.sayAfter
import dev.vitexport.core.benchmark.Report

/** [made] is asked for the result, which is null where the app was ended and began anew meanwhile. */
class Sending(
    private val activity: Activity,
    view: View,
    private val remembered: Remembered,
    private val notices: Notices,
    private val made: () -> Report?,
) {
    private val address: EditText = view.findViewById(R.id.address)

    init {
        view.findViewById<View>(R.id.send).setOnClickListener { askFirst() }
    }

    fun show() = address.setText(remembered.address)

    /** Nothing is sent before the person has seen to where, and said yes to that. */
    private fun askFirst() {
        val to = address.text.toString().trim()
        AlertDialog.Builder(activity)
            .setTitle(R.string.send_title)
            .setMessage(activity.getString(R.string.send_question, to))
            .setPositiveButton(R.string.send) { _, _ -> made()?.let { send(it, to) } }
            .setNegativeButton(R.string.cancel, null)
            .show()
    }

    private fun send(made: Report, to: String) {
        remembered.address = to
        notices.sayAfter {
            try {
                post(activity.applicationContext, made.text, to)
                activity.getString(R.string.sent)
            } catch (error: SharingError) {
                error.message.orEmpty()
            }
        }
    }
}
