/** How long the graphs take on this device, for a minute or for ten: in the long run, phones get hot and slow. */
package dev.vitexport.app.ui

import android.app.Activity
import android.view.View
import android.widget.Button
import android.widget.TextView
import dev.vitexport.app.R
import dev.vitexport.app.device.Conditions
import dev.vitexport.app.device.Watch
import dev.vitexport.app.model.Found
import dev.vitexport.app.model.Workbench
import dev.vitexport.app.runners.runtimeOf
import dev.vitexport.core.benchmark.BenchmarkResult
import dev.vitexport.core.benchmark.benchmarkReport

/** s */
private const val MINUTE = 60.0
private const val TEN_MINUTES = 600.0

class BenchmarkScreen(
    private val activity: Activity,
    private val workbench: Workbench,
    private val conditions: Conditions,
    private val notices: Notices,
    asking: Asking,
) : Screen {
    override val view: View = activity.layoutInflater.inflate(R.layout.screen_benchmark, null)
    private val way: TextView = view.findViewById(R.id.way)
    private val starts: List<Button> = listOf(view.findViewById(R.id.minute), view.findViewById(R.id.ten_minutes))
    private val verdict: TextView = view.findViewById(R.id.verdict)
    private val shown: TextView = view.findViewById(R.id.result)
    private val run = LongRun(activity, view.findViewById(R.id.run), starts, workbench.thread::stop)
    private val file = ResultFile(
        activity, view.findViewById(R.id.result_file), workbench, notices, asking, Request.PLACE_OF_BENCHMARK,
    )
    private val reopened = { reopened() }
    private var running = false

    /** A benchmark that was out of view is refused: the system gives less to what nobody sees. */
    private var seen = true

    init {
        starts[0].setOnClickListener { measure(MINUTE) }
        starts[1].setOnClickListener { measure(TEN_MINUTES) }
        workbench.onChange(reopened)
        reopened()
    }

    override fun hidden() {
        if (!running) return
        seen = false
        workbench.thread.stop()
    }

    override fun release() = workbench.noLonger(reopened)

    private fun reopened() {
        clear()
        val opened = workbench.opened
        for (start in starts) start.isEnabled = opened != null
        way.text = if (opened == null) activity.getString(R.string.open_first) else {
            val model = opened.bundle.manifest.model.name
            activity.getString(R.string.benchmark_way, model, configurationName(activity, opened.configuration))
        }
        workbench.found.benchmark?.let(::show)
    }

    private fun clear() {
        verdict.text = ""
        shown.text = ""
        file.hide()
    }

    private fun measure(seconds: Double) {
        val opened = workbench.opened ?: return
        workbench.found.benchmark = null
        clear()
        running = true
        seen = true
        run.begin()
        val watch = Watch(activity.applicationContext, conditions)
        workbench.occupy(
            activity.getString(R.string.the_benchmark),
            { progress ->
                opened.session.measure(seconds, { activity.getString(R.string.self_test_first, it) }) { share, what ->
                    watch.look()
                    progress(share, what)
                }
            },
            run::progress,
        ) { answer ->
            running = false
            if (seen) answer.onSuccess {
                val around = watch.end(runtimeOf(opened.configuration).name)
                val bundle = opened.bundle
                val found = Found.Benchmark(it, bundle.manifest.model.name, bundle.manifestSha256, around)
                workbench.found.benchmark = found
                workbench.measured(opened, it)
                show(found)
            }
            run.end()
            if (!seen) return@occupy notices.say(activity.getString(R.string.out_of_view))
            answer.onFailure { notices.say(sentence(activity, it)) }
        }
    }

    private fun show(found: Found.Benchmark) {
        val result = found.result
        verdict.text = activity.getString(R.string.benchmark_rate, result.fps, ms(result.frame.p50))
        val way = configurationName(activity, result.configuration)
        val of = activity.getString(R.string.benchmark_of, found.model, way)
        shown.text = "$of\n${figures(result)}"
        file.show { name -> benchmarkReport(result, found.manifestSha256, found.around(name)) }
    }

    private fun figures(result: BenchmarkResult): String {
        val times = result.graphs.mapValues { it.value.times } + ("resize" to result.resize)
        val rows = times.map { (name, times) ->
            activity.getString(R.string.times_of, name, ms(times.p50), ms(times.p90), ms(times.p99), times.n)
        }
        val halves = result.halfMinutes
        val slowing = if (halves.size < 2) emptyList()
        else listOf(activity.getString(R.string.slowing, ms(halves.first()), ms(halves.last())))
        val tested = result.selfTest
        val right = when {
            tested == null || tested.stopped -> R.string.untested
            tested.pass -> R.string.tested_right
            else -> R.string.tested_wrong
        }
        return (rows + slowing + activity.getString(right)).joinToString("\n")
    }
}
