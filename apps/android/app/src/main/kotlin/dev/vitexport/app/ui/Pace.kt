package dev.vitexport.app.ui

import android.content.Context
import dev.vitexport.app.R
import dev.vitexport.app.device.Conditions
import dev.vitexport.core.frames.Pacing
import dev.vitexport.core.frames.ThermalStatus

/** Why fewer pictures are followed than the camera gives, in a sentence; null where all may be. */
fun pace(context: Context, conditions: Conditions, pacing: Pacing): String? {
    val thermal = conditions.thermal ?: ThermalStatus.NONE
    return when {
        pacing.rests -> context.getString(R.string.too_hot, thermal.word)
        thermal >= ThermalStatus.MODERATE -> context.getString(R.string.hot, thermal.word)
        conditions.lowPower -> context.getString(R.string.saving)
        else -> null
    }
}
