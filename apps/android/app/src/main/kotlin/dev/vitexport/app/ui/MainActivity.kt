/** The frame of the app: which bundle is open, the banner, messages, and the screens behind their tabs. */
package dev.vitexport.app.ui

import android.Manifest
import android.app.Activity
import android.content.ActivityNotFoundException
import android.content.Intent
import android.content.pm.PackageManager
import android.os.Bundle
import android.view.View
import android.view.ViewGroup
import android.widget.TextView
import dev.vitexport.app.R
import dev.vitexport.app.VitexportApplication
import dev.vitexport.app.model.Workbench

/** Requests: the camera's is after those of all choices */
private val CAMERA = Request.entries.size

class MainActivity : Activity(), Asking {
    private lateinit var workbench: Workbench
    private lateinit var notices: Notices
    private lateinit var noticesView: NoticesView
    private lateinit var screens: Map<Int, Screen>
    private lateinit var back: BackToTrack
    private val reopened = { reopened() }
    private var current = R.id.tab_track
    private var visible = false
    private var cameraAnswered: (Boolean) -> Unit = {}
    private val answers = mutableMapOf<Request, (Intent?) -> Unit>()

    override fun onCreate(kept: Bundle?) {
        super.onCreate(kept)
        setContentView(R.layout.activity_main)
        keepOffSystemBars(findViewById(R.id.root))
        val app = application as VitexportApplication
        workbench = app.workbench
        notices = app.notices
        noticesView = NoticesView(findViewById(R.id.notices), notices)
        back = BackToTrack(this) { show(R.id.tab_track) }
        screens = mapOf(
            R.id.tab_track to TrackScreen(this, workbench, app.tracking, app.conditions, notices, this),
            R.id.tab_self_test to SelfTestScreen(this, workbench, notices),
            R.id.tab_benchmark to BenchmarkScreen(this, workbench, app.conditions, notices, this),
            R.id.tab_pack to PackScreen(this, workbench, app.conditions, notices, this),
            R.id.tab_settings to SettingsScreen(this, workbench, notices, this),
        )
        val frame: ViewGroup = findViewById(R.id.screens)
        for ((tab, screen) in screens) {
            frame.addView(screen.view)
            findViewById<View>(tab).setOnClickListener { show(tab) }
        }
        current = kept?.getInt(TAB, current) ?: current
        workbench.onChange(reopened)
        reopened()
        if (workbench.opened == null && !workbench.opening) {
            workbench.openFirst { notices.say(sentence(this, it)) }
        }
    }

    override fun onStart() {
        super.onStart()
        visible = true
        show(current)
    }

    override fun onStop() {
        visible = false
        screens.getValue(current).hidden()
        super.onStop()
    }

    override fun onDestroy() {
        workbench.noLonger(reopened)
        noticesView.release()
        screens.values.forEach(Screen::release)
        super.onDestroy()
    }

    override fun onSaveInstanceState(kept: Bundle) {
        super.onSaveInstanceState(kept)
        kept.putInt(TAB, current)
    }

    @Deprecated("Android 13 and later ask BackToTrack")
    override fun onBackPressed() {
        @Suppress("DEPRECATION")
        if (back.wanted) show(R.id.tab_track) else super.onBackPressed()
    }

    private fun show(tab: Int) {
        if (tab != current) screens.getValue(current).hidden()
        current = tab
        back.wanted = tab != R.id.tab_track
        for ((other, screen) in screens) {
            screen.view.visibility = if (other == tab) View.VISIBLE else View.GONE
            findViewById<View>(other).isSelected = other == tab
        }
        if (visible) screens.getValue(tab).shown()
    }

    private fun reopened() {
        val opened = workbench.opened
        val title: TextView = findViewById(R.id.opened)
        title.text = opened?.name ?: getString(R.string.app_name)
        val trained = opened?.bundle?.manifest?.weights?.trained ?: true
        findViewById<View>(R.id.untrained).visibility = if (trained) View.GONE else View.VISIBLE
    }

    override fun camera(answered: (Boolean) -> Unit) {
        if (checkSelfPermission(Manifest.permission.CAMERA) == PackageManager.PERMISSION_GRANTED) return answered(true)
        cameraAnswered = answered
        requestPermissions(arrayOf(Manifest.permission.CAMERA), CAMERA)
    }

    override fun onRequestPermissionsResult(code: Int, permissions: Array<out String>, granted: IntArray) {
        if (code == CAMERA) cameraAnswered(granted.firstOrNull() == PackageManager.PERMISSION_GRANTED)
    }

    override fun onAnswer(request: Request, answered: (Intent?) -> Unit) {
        answers[request] = answered
    }

    override fun ask(request: Request, intent: Intent) {
        try {
            startActivityForResult(intent, request.ordinal)
        } catch (_: ActivityNotFoundException) {
            notices.say(getString(R.string.no_picker))
        }
    }

    override fun onActivityResult(code: Int, result: Int, data: Intent?) {
        val request = Request.entries.getOrNull(code) ?: return
        answers[request]?.invoke(data.takeIf { result == RESULT_OK })
    }

    private companion object {
        const val TAB = "tab"
    }
}
