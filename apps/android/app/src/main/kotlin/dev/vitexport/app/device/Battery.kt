/** The battery, as a benchmark's result has it: a device that is low on it slows down. */
package dev.vitexport.app.device

import android.content.Context
import android.content.Intent
import android.content.IntentFilter
import android.os.BatteryManager

/** [level] is 0 to 1. */
class Battery(val level: Double, val charging: Boolean) {
    companion object {
        /** Now; null where the device has none. */
        fun of(context: Context): Battery? {
            val said = context.registerReceiver(null, IntentFilter(Intent.ACTION_BATTERY_CHANGED)) ?: return null
            val level = said.getIntExtra(BatteryManager.EXTRA_LEVEL, -1)
            val scale = said.getIntExtra(BatteryManager.EXTRA_SCALE, -1)
            if (level < 0 || scale <= 0) return null
            return Battery(level.toDouble() / scale, said.getIntExtra(BatteryManager.EXTRA_PLUGGED, 0) != 0)
        }
    }
}
