/** A kernel pack, run: the small parts that models are made of, each timed, so that any model's time can be told. */
package dev.vitexport.app.ui

import android.app.Activity
import android.net.Uri
import android.view.View
import android.widget.ArrayAdapter
import android.widget.Button
import android.widget.Spinner
import android.widget.TextView
import dev.vitexport.app.R
import dev.vitexport.app.device.Conditions
import dev.vitexport.app.device.Watch
import dev.vitexport.app.model.Found
import dev.vitexport.app.model.Workbench
import dev.vitexport.app.model.timePackIn
import dev.vitexport.app.runners.runtimeOf
import dev.vitexport.core.Progress
import dev.vitexport.core.benchmark.packReport

class PackScreen(
    private val activity: Activity,
    private val workbench: Workbench,
    private val conditions: Conditions,
    private val notices: Notices,
    asking: Asking,
) : Screen {
    override val view: View = activity.layoutInflater.inflate(R.layout.screen_pack, null)
    private val threads: Spinner = view.findViewById(R.id.pack_threads)
    private val choose: Button = view.findViewById(R.id.choose)
    private val verdict: TextView = view.findViewById(R.id.verdict)
    private val shown: TextView = view.findViewById(R.id.result)
    private val run = LongRun(activity, view.findViewById(R.id.run), listOf(choose), workbench.thread::stop)
    private val file = ResultFile(
        activity, view.findViewById(R.id.result_file), workbench, notices, asking, Request.PLACE_OF_KERNELS,
    )
    private var running = false
    private var seen = true

    init {
        threads.adapter = ArrayAdapter(activity, android.R.layout.simple_spinner_dropdown_item, threadCounts())
        workbench.remembered.packThreads?.let { threads.setSelection(threadCounts().indexOf(it)) }
        asking.onAnswer(Request.PACK) { answer -> answer?.data?.let(::measure) }
        choose.setOnClickListener { asking.ask(Request.PACK, zipPicker()) }
        workbench.found.pack?.let(::show)
    }

    override fun hidden() {
        if (!running) return
        seen = false
        workbench.thread.stop()
    }

    private fun measure(pack: Uri) {
        workbench.found.pack = null
        verdict.text = ""
        shown.text = ""
        file.hide()
        running = true
        seen = true
        run.begin()
        val watch = Watch(activity.applicationContext, conditions)
        val count = threads.selectedItem as Int
        workbench.remembered.packThreads = count
        val work = { progress: Progress ->
            timePackIn(activity.applicationContext, pack, count) { share, what ->
                watch.look()
                progress(share, what)
            }
        }
        workbench.occupy(activity.getString(R.string.the_pack), work, run::progress) { answer ->
            running = false
            if (seen) answer.onSuccess {
                val around = watch.end(runtimeOf(it.runtime, it.unit).name)
                show(Found.Pack(it, around).also { found -> workbench.found.pack = found })
            }
            run.end()
            if (!seen) return@occupy notices.say(activity.getString(R.string.out_of_view))
            answer.onFailure { notices.say(sentence(activity, it)) }
        }
    }

    private fun show(found: Found.Pack) {
        val result = found.result
        verdict.text = activity.getString(R.string.pack_timed, result.kernels.size, result.total)
        val failures = result.failures.map { (key, reason) -> activity.getString(R.string.pack_failure, key, reason) }
        val stopped = listOfNotNull(activity.getString(R.string.stopped_early).takeIf { result.stopped })
        shown.text = (stopped + failures).joinToString("\n")
        file.show { name -> packReport(result, found.around(name)) }
    }
}
