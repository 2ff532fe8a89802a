/** How graphs are run, which bundle is open, and what is not done with pictures. */
package dev.vitexport.app.ui

import android.app.Activity
import android.view.View
import android.widget.AdapterView
import android.widget.ArrayAdapter
import android.widget.SeekBar
import android.widget.Spinner
import android.widget.TextView
import dev.vitexport.app.R
import dev.vitexport.app.model.Opened
import dev.vitexport.app.model.Workbench
import dev.vitexport.app.model.configurationName
import dev.vitexport.app.model.wayName
import dev.vitexport.core.runners.ComputeUnit

class SettingsScreen(
    private val activity: Activity,
    private val workbench: Workbench,
    private val notices: Notices,
    private val asking: Asking,
) : Screen {
    override val view: View = activity.layoutInflater.inflate(R.layout.screen_settings, null)
    private val ways: Spinner = view.findViewById(R.id.ways)
    private val reason: TextView = view.findViewById(R.id.reason)
    private val threads: Spinner = view.findViewById(R.id.threads)
    private val bundle: TextView = view.findViewById(R.id.bundle)
    private val opening: TextView = view.findViewById(R.id.opening)
    private val reopened = { update() }

    init {
        ways.onItemSelectedListener = Chosen { place -> choose(wayName(configurations()[place]), null) }
        threads.onItemSelectedListener = Chosen { place -> choose(workbench.settings.way, threadCounts()[place]) }
        val opacity: SeekBar = view.findViewById(R.id.opacity)
        opacity.progress = (workbench.settings.opacity * opacity.max).toInt()
        opacity.setOnSeekBarChangeListener(Moved { workbench.settings.opacity = it.toFloat() / opacity.max })
        view.findViewById<View>(R.id.open_zip).setOnClickListener { openZip() }
        workbench.onChange(reopened)
        update()
    }

    override fun release() = workbench.noLonger(reopened)

    private fun configurations() = workbench.opened?.choice?.configurations.orEmpty()

    /** A spinner also says so when it is filled; nothing is loaded anew for that. */
    private fun choose(way: String?, count: Int?) {
        val now = workbench.opened?.configuration ?: return
        val threadsNow = count ?: workbench.settings.threads
        if ((way == null || way == wayName(now)) && (count == null || count == now.threads)) return
        workbench.configure(way, threadsNow) {
            notices.say(sentence(activity, it))
            update()
        }
    }

    private fun openZip() {
        asking.result(zipPicker()) { answer ->
            answer?.data?.let { chosen -> workbench.openZip(chosen) { notices.say(sentence(activity, it)) } }
        }
    }

    private fun update() {
        opening.text = if (workbench.opening) activity.getString(R.string.opening) else ""
        val opened = workbench.opened
        for (choice in listOf(ways, threads)) choice.isEnabled = opened != null && !workbench.opening
        bundle.text = if (opened == null) activity.getString(R.string.none_open) else facts(opened)
        if (opened == null) return
        val now = opened.configuration
        offer(ways, configurations().map(::wayName), wayName(now))
        offer(threads, threadCounts(now.threads), now.threads)
        threads.isEnabled = threads.isEnabled && now.unit == ComputeUnit.CPU
        reason.text = opened.choice.reason
    }

    private fun <T : Any> offer(spinner: Spinner, choices: List<T>, now: T) {
        spinner.adapter = ArrayAdapter(activity, android.R.layout.simple_spinner_dropdown_item, choices)
        spinner.setSelection(choices.indexOf(now))
    }

    private fun facts(opened: Opened): String {
        val manifest = opened.bundle.manifest
        val side = manifest.model.imageSize
        val loaded = opened.session.loadMs.entries.joinToString { (graph, time) -> "$graph ${ms(time)}" }
        val weights = if (manifest.weights.trained) R.string.trained else R.string.random
        return activity.getString(
            R.string.bundle_facts,
            opened.name, manifest.model.name, side, activity.getString(weights),
            manifest.weights.card?.license ?: activity.getString(R.string.own_licence),
            manifest.target.name, size(manifest.files.sumOf { it.bytes }), configurationName(opened.configuration), loaded,
            opened.bundle.manifestSha256,
        )
    }

    private class Chosen(private val chosen: (Int) -> Unit) : AdapterView.OnItemSelectedListener {
        override fun onItemSelected(parent: AdapterView<*>, item: View?, place: Int, id: Long) = chosen(place)

        override fun onNothingSelected(parent: AdapterView<*>) = Unit
    }

    private class Moved(private val moved: (Int) -> Unit) : SeekBar.OnSeekBarChangeListener {
        override fun onProgressChanged(bar: SeekBar, progress: Int, byPerson: Boolean) {
            if (byPerson) moved(progress)
        }

        override fun onStartTrackingTouch(bar: SeekBar) = Unit

        override fun onStopTrackingTouch(bar: SeekBar) = Unit
    }
}
