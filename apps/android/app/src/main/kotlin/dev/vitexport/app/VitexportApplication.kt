/** Lives as long as the process: what is open outlives the activity, which is made anew when the device is turned. */
package dev.vitexport.app

import android.app.Application
import dev.vitexport.app.device.Conditions
import dev.vitexport.app.following.Tracking
import dev.vitexport.app.model.Workbench
import dev.vitexport.app.settings.PreferencesStorage
import dev.vitexport.app.settings.Settings
import dev.vitexport.core.crash.CrashMemory
import dev.vitexport.core.gate.Pacer

class VitexportApplication : Application() {
    lateinit var conditions: Conditions
        private set
    lateinit var workbench: Workbench
        private set
    lateinit var tracking: Tracking
        private set

    override fun onCreate() {
        super.onCreate()
        conditions = Conditions(this)
        val crashes = CrashMemory(PreferencesStorage(getSharedPreferences("crashes", MODE_PRIVATE)))
        workbench = Workbench(this, Settings(getSharedPreferences("settings", MODE_PRIVATE)), crashes)
        val pacer = Pacer()
        tracking = Tracking(workbench, pacer)
        conditions.start { pacer.update(conditions.thermalStatus, conditions.lowPower) }
    }
}
