/** What is done with a result: it is saved as a file, or sent to a latency service if the person says so and where. */
package dev.vitexport.app.ui

import android.app.Activity
import android.app.AlertDialog
import android.net.Uri
import android.os.Handler
import android.os.Looper
import android.view.View
import android.widget.EditText
import dev.vitexport.app.R
import dev.vitexport.app.device.deviceModel
import dev.vitexport.app.model.Workbench
import dev.vitexport.app.sharing.SharingError
import dev.vitexport.app.sharing.post
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
    private val address: EditText = view.findViewById(R.id.address)
    private val main = Handler(Looper.getMainLooper())
    private var report: ((String) -> Report)? = null

    init {
        asking.onAnswer(place) { answer -> answer?.data?.let(::save) }
        view.findViewById<View>(R.id.save).setOnClickListener { choosePlace() }
        view.findViewById<View>(R.id.send).setOnClickListener { askFirst() }
    }

    fun show(report: (String) -> Report) {
        this.report = report
        name.setText(workbench.remembered.deviceName ?: deviceModel)
        address.setText(workbench.remembered.address)
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
        doing(R.string.saved) {
            // Truncated: the person may have chosen a file that is there, and longer.
            val output =
                activity.contentResolver.openOutputStream(into, "wt")
                    ?: throw IOException(activity.getString(R.string.no_content))
            output.use { it.write(made.text.toByteArray()) }
        }
    }

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
        workbench.remembered.address = to
        doing(R.string.sent) { post(activity.applicationContext, made.text, to) }
    }

    /** On a thread of its own: the model has nothing to do with it. */
    private fun doing(done: Int, act: () -> Unit) {
        Thread {
            val sentence = try {
                act()
                activity.getString(done)
            } catch (error: SharingError) {
                error.message.orEmpty()
            } catch (error: Exception) { // whatever the app that has the place throws, this one goes on
                activity.getString(R.string.not_saved, error.message ?: error.javaClass.simpleName)
            }
            main.post { notices.say(sentence) } // the view's own queue waits where the view is gone
        }.start()
    }
}
