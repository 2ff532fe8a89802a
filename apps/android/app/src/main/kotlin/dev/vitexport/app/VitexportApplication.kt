/** Lives as long as the process: what is open outlives the activity, which is made anew when the device is turned. */
package dev.vitexport.app

import android.app.Application
import android.os.Handler
import android.os.Looper
import dev.vitexport.app.device.Conditions
import dev.vitexport.app.following.Tracking
import dev.vitexport.app.model.Workbench
import dev.vitexport.app.settings.PreferencesKeyValues
import dev.vitexport.app.settings.Remembered
import dev.vitexport.app.settings.WrittenKeyValues
import dev.vitexport.app.ui.Notices
import dev.vitexport.app.ui.sentence
import dev.vitexport.core.frames.Pacing
import dev.vitexport.core.frames.ThermalStatus
import dev.vitexport.core.settings.SettingsStore

class VitexportApplication : Application() {
    val notices = Notices()
    lateinit var conditions: Conditions
        private set
    lateinit var workbench: Workbench
        private set
    lateinit var tracking: Tracking
        private set

    override fun onCreate() {
        super.onCreate()
        val settings = PreferencesKeyValues(preferences("settings"))
        val crashes = WrittenKeyValues(preferences("crashes"))
        workbench = Workbench(this, SettingsStore(settings), Remembered(settings), crashes)
        val pacing = Pacing()
        val main = Handler(Looper.getMainLooper())
        tracking = Tracking(workbench, pacing) { main.post { notices.say(sentence(this, it)) } }
        conditions = Conditions(this)
        val paced = { pacing.conditions(conditions.thermal ?: ThermalStatus.NONE, conditions.lowPower) }
        conditions.onChange(paced)
        paced()
    }

    private fun preferences(name: String) = getSharedPreferences(name, MODE_PRIVATE)
}
