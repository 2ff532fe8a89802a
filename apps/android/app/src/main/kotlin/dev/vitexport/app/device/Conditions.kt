/** What the system says of heat and power. */
package dev.vitexport.app.device

import android.content.BroadcastReceiver
import android.content.Context
import android.content.Intent
import android.content.IntentFilter
import android.os.Build
import android.os.PowerManager
import dev.vitexport.core.frames.ThermalStatus

/** May be asked from any thread. */
class Conditions(context: Context) {
    private val power = context.getSystemService(PowerManager::class.java)

    /** Of the main thread */
    private val listeners = mutableListOf<() -> Unit>()

    /** Null before Android 10, which is the first that tells */
    val thermal: ThermalStatus?
        get() =
            if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.Q) ThermalStatus.of(power.currentThermalStatus) else null

    val lowPower: Boolean get() = power.isPowerSaveMode

    init {
        val receiver = object : BroadcastReceiver() {
            override fun onReceive(context: Context, intent: Intent) = tell()
        }
        context.registerReceiver(receiver, IntentFilter(PowerManager.ACTION_POWER_SAVE_MODE_CHANGED))
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.Q) {
            power.addThermalStatusListener(context.mainExecutor) { tell() }
        }
    }

    /** Call `changed` on the main thread whenever one of them changes. */
    fun onChange(changed: () -> Unit) {
        listeners += changed
    }

    fun noLonger(changed: () -> Unit) {
        listeners -= changed
    }

    private fun tell() = listeners.toList().forEach { it() }
}
