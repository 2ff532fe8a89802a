/** What the system says of heat and power, which slow the model down before the system does. */
package dev.vitexport.app.device

import android.content.BroadcastReceiver
import android.content.Context
import android.content.Intent
import android.content.IntentFilter
import android.os.Build
import android.os.PowerManager

/**
 * Hears when heat or power saving changes, between [start] and [stop]; `changed` is called on the main thread.
 * Both may be asked from any thread at any time.
 */
class Conditions(private val context: Context) {
    private val power = context.getSystemService(PowerManager::class.java)
    private var changed: () -> Unit = {}
    private val receiver = object : BroadcastReceiver() {
        override fun onReceive(context: Context, intent: Intent) = changed()
    }
    private val thermal: Thermal? = if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.Q) Thermal(power) else null

    /** 0 to 6, as `PowerManager.THERMAL_STATUS_NONE` to `THERMAL_STATUS_SHUTDOWN`; null before Android 10 */
    val thermalStatus: Int? get() = thermal?.status

    val lowPower: Boolean get() = power.isPowerSaveMode

    fun start(changed: () -> Unit) {
        this.changed = changed
        context.registerReceiver(receiver, IntentFilter(PowerManager.ACTION_POWER_SAVE_MODE_CHANGED))
        thermal?.start(context, changed)
    }

    fun stop() {
        context.unregisterReceiver(receiver)
        thermal?.stop()
        changed = {}
    }
}
