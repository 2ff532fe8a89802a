/** Whether this device's masks are PyTorch's: the sequence that the bundle brings, followed here and compared. */
package dev.vitexport.app.ui

import android.app.Activity
import android.view.View
import android.widget.Button
import android.widget.TextView
import dev.vitexport.app.R
import dev.vitexport.app.model.Found
import dev.vitexport.app.model.Workbench

class SelfTestScreen(
    private val activity: Activity, private val workbench: Workbench, private val notices: Notices,
) : Screen {
    override val view: View = activity.layoutInflater.inflate(R.layout.screen_self_test, null)
    private val about: TextView = view.findViewById(R.id.about)
    private val start: Button = view.findViewById(R.id.start)
    private val verdict: TextView = view.findViewById(R.id.verdict)
    private val result: TextView = view.findViewById(R.id.result)
    private val run = LongRun(activity, view.findViewById(R.id.run), listOf(start), workbench.thread::stop)
    private val reopened = { reopened() }

    init {
        start.setOnClickListener { test() }
        workbench.onChange(reopened)
        reopened()
    }

    override fun release() = workbench.noLonger(reopened)

    private fun reopened() {
        verdict.text = ""
        result.text = ""
        val opened = workbench.opened
        val sequence = opened?.bundle?.manifest?.sequence
        start.isEnabled = sequence != null
        about.text = if (sequence == null) activity.getString(R.string.self_test_closed)
        else activity.getString(R.string.self_test_about, sequence.frames, sequence.objects)
        workbench.found.test?.takeIf { it.opened === opened }?.let(::show)
    }

    private fun test() {
        val opened = workbench.opened ?: return
        workbench.found.test = null
        verdict.text = ""
        result.text = ""
        run.begin()
        workbench.occupy(activity.getString(R.string.the_self_test), opened.session::test, run::progress) { answer ->
            answer.onSuccess { show(Found.Test(it, opened).also { found -> workbench.found.test = found }) }
            run.end()
            answer.onFailure { notices.say(sentence(activity, it)) }
        }
    }

    private fun show(test: Found.Test) {
        val found = test.result
        val way = configurationName(activity, test.opened.configuration)
        verdict.text = activity.getString(
            if (found.stopped) R.string.stopped_early else if (found.pass) R.string.agrees else R.string.disagrees,
        )
        result.text = activity.getString(
            R.string.self_test_result, found.detail, found.iou, found.maxAbs, found.frames, way,
        )
    }
}
