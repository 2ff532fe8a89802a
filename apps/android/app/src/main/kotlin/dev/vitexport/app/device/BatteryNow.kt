package dev.vitexport.app.device

import android.content.Context
import android.content.Intent
import android.content.IntentFilter
import android.os.BatteryManager
import dev.vitexport.core.benchmark.Battery

/** The battery now; null where the device has none. */
fun batteryNow(context: Context, conditions: Conditions): Battery? {
    val said = context.registerReceiver(null, IntentFilter(Intent.ACTION_BATTERY_CHANGED)) ?: return null
    val level = said.getIntExtra(BatteryManager.EXTRA_LEVEL, -1)
    val scale = said.getIntExtra(BatteryManager.EXTRA_SCALE, -1)
    if (level < 0 || scale <= 0) return null
    val charging = said.getIntExtra(BatteryManager.EXTRA_PLUGGED, 0) != 0
    return Battery(level.toDouble() / scale, charging, conditions.lowPower)
}
