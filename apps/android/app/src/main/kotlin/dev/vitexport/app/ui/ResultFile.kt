/** What is done with a result: it is saved as a file, or sent (`sharing` does that). */
package dev.vitexport.app.ui

import android.app.Activity
import android.net.Uri
import android.view.View
import android.widget.EditText
import dev.vitexport.app.R
import dev.vitexport.app.device.deviceModel
import dev.vitexport.app.model.Workbench
import dev.vitexport.app.sharing.Sending
import dev.vitexport.core.benchmark.Report
import java.io.IOException

/** [report] is asked for the file, with the device's name as the person put it right. */
class ResultFile(
    private val activity: Activity,
    private val view: View,
    private val workbench: Workbench,
    private val notices: Notices,
    private val asking: Asking,
    private val place: Request,
) {
    private val name: EditText = view.findViewById(R.id.device_name)
    private val sending = Sending(activity, view, workbench.remembered, notices, ::made)
    private var report: ((String) -> Report)? = null

    init {
        asking.onAnswer(place) { answer -> answer?.data?.let(::save) }
        view.findViewById<View>(R.id.save).setOnClickListener { choosePlace() }
    }

    fun show(report: (String) -> Report) {
        this.report = report
        name.setText(workbench.remembered.deviceName ?: deviceModel)
        sending.show()
        view.visibility = View.VISIBLE
    }

    fun hide() {
        view.visibility = View.GONE
    }

    /** Null where there is no result, since the app was ended and began anew meanwhile */
    private fun made(): Report? {
        val called = name.text.toString().trim().ifEmpty { deviceModel }
        workbench.remembered.deviceName = called.takeIf { it != deviceModel }
        return report?.invoke(called)
    }

    private fun choosePlace() {
        val made = made() ?: return
        asking.ask(place, placePicker(made.name))
    }

    private fun save(into: Uri) {
        val made = made() ?: return notices.say(activity.getString(R.string.result_gone))
        notices.sayAfter {
            try {
                // Truncated: the person may have chosen a file that is there, and longer.
                val output =
                    activity.contentResolver.openOutputStream(into, "wt")
                        ?: throw IOException(activity.getString(R.string.no_content))
                output.use { it.write(made.text.toByteArray()) }
                activity.getString(R.string.saved)
            } catch (error: Exception) { // whatever the app that has the place throws, this one goes on
                activity.getString(R.string.not_saved, error.message ?: error.javaClass.simpleName)
            }
        }
    }
}
