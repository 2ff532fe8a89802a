/** How graphs are run, which bundle is open, and what is not done with pictures. */
package dev.vitexport.app.ui

import android.app.Activity
import android.view.View
import android.widget.AdapterView
import android.widget.ArrayAdapter
import android.widget.SeekBar
import android.widget.Spinner
import android.widget.Switch
import android.widget.TextView
import dev.vitexport.app.R
import dev.vitexport.app.model.Opened
import dev.vitexport.app.model.Workbench
import dev.vitexport.app.model.wayName
import dev.vitexport.core.bundle.Configuration
import dev.vitexport.core.settings.Settings

class SettingsScreen(
    private val activity: Activity,
    private val workbench: Workbench,
    private val notices: Notices,
    asking: Asking,
) : Screen {
    override val view: View = activity.layoutInflater.inflate(R.layout.screen_settings, null)
    private val ways: Spinner = view.findViewById(R.id.ways)
    private val reason: TextView = view.findViewById(R.id.reason)
    private val threads: Spinner = view.findViewById(R.id.threads)
    private val gpu: Switch = view.findViewById(R.id.gpu)
    private val bundle: TextView = view.findViewById(R.id.bundle)
    private val opening: TextView = view.findViewById(R.id.opening)
    private val reopened = { update() }

    init {
        threads.adapter = choices(threadCounts())
        ways.onItemSelectedListener = Chosen { chooseWay(it) }
        threads.onItemSelectedListener = Chosen { chooseThreads(threadCounts()[it]) }
        gpu.setOnClickListener { configure(workbench.settings.copy(gpu = gpu.isChecked)) }
        val opacity: SeekBar = view.findViewById(R.id.opacity)
        opacity.progress = (workbench.settings.overlayOpacity * opacity.max).toInt()
        opacity.setOnSeekBarChangeListener(LetGo { workbench.keep(workbench.settings.copy(overlayOpacity = it)) })
        asking.onAnswer(Request.BUNDLE) { answer ->
            answer?.data?.let { chosen -> workbench.openZip(chosen) { notices.say(sentence(activity, it)) } }
        }
        view.findViewById<View>(R.id.open_zip).setOnClickListener { asking.ask(Request.BUNDLE, zipPicker()) }
        view.findViewById<View>(R.id.open_brought).setOnClickListener {
            workbench.openBrought { notices.say(sentence(activity, it)) }
        }
        workbench.onChange(reopened)
        update()
    }

    override fun release() = workbench.noLonger(reopened)

    private fun configurations() = workbench.opened?.choice?.configurations.orEmpty()

    /** A spinner also says so when it is filled; nothing is loaded anew for that. */
    private fun chooseWay(place: Int) {
        val opened = workbench.opened ?: return
        val way = configurations().getOrNull(place) ?: return
        if (wayName(way) == wayName(opened.configuration)) return
        val settings = workbench.settings
        configure(settings.copy(configurations = settings.configurations + (opened.bundle.manifestSha256 to way)), way)
    }

    private fun threadsNow() = threadCounts().last { it <= workbench.settings.threads }

    private fun chooseThreads(count: Int) {
        if (count != threadsNow()) configure(workbench.settings.copy(threads = count))
    }

    /** What cannot be loaded is not chosen either. */
    private fun configure(settings: Settings, way: Configuration? = null) = workbench.configure(settings, way) {
        notices.say(sentence(activity, it))
        update()
    }

    private fun update() {
        opening.text = if (workbench.opening) activity.getString(R.string.opening) else ""
        val opened = workbench.opened
        for (choice in listOf(ways, threads, gpu)) choice.isEnabled = opened != null && !workbench.opening
        gpu.isChecked = workbench.settings.gpu
        threads.setSelection(threadCounts().indexOf(threadsNow()))
        bundle.text = if (opened == null) activity.getString(R.string.none_open) else facts(opened)
        val names = configurations().map(::wayName)
        ways.adapter = choices(names)
        if (opened == null) return
        ways.setSelection(names.indexOf(wayName(opened.configuration)))
        reason.text = opened.choice.reason
    }

    private fun <T : Any> choices(of: List<T>) =
        ArrayAdapter(activity, android.R.layout.simple_spinner_dropdown_item, of)

    private fun facts(opened: Opened): String {
        val manifest = opened.bundle.manifest
        val side = manifest.model.imageSize
        val loaded = opened.session.loadMs.entries.joinToString { (graph, time) -> "$graph ${ms(time)}" }
        val weights = if (manifest.weights.trained) R.string.trained else R.string.random
        return activity.getString(
            R.string.bundle_facts,
            opened.name, manifest.model.name, side, activity.getString(weights),
            manifest.weights.license ?: activity.getString(R.string.own_licence),
            manifest.target.name, size(manifest.files.sumOf { it.bytes }),
            configurationName(activity, opened.configuration), loaded, opened.bundle.manifestSha256,
        )
    }

    private class Chosen(private val chosen: (Int) -> Unit) : AdapterView.OnItemSelectedListener {
        override fun onItemSelected(parent: AdapterView<*>, item: View?, place: Int, id: Long) = chosen(place)

        override fun onNothingSelected(parent: AdapterView<*>) = Unit
    }

    /** Hears of a bar, 0 to 1, when the finger leaves it. */
    private class LetGo(private val chosen: (Float) -> Unit) : SeekBar.OnSeekBarChangeListener {
        override fun onProgressChanged(bar: SeekBar, progress: Int, byPerson: Boolean) = Unit

        override fun onStartTrackingTouch(bar: SeekBar) = Unit

        override fun onStopTrackingTouch(bar: SeekBar) = chosen(bar.progress.toFloat() / bar.max)
    }
}
