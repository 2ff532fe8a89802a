/** The thermal status, which Android tells from version 10 on. */
package dev.vitexport.app.device

import android.annotation.TargetApi
import android.content.Context
import android.os.PowerManager

@TargetApi(29)
class Thermal(private val power: PowerManager) {
    private var listener: PowerManager.OnThermalStatusChangedListener? = null

    val status: Int get() = power.currentThermalStatus

    fun start(context: Context, changed: () -> Unit) {
        val heard = PowerManager.OnThermalStatusChangedListener { changed() }
        power.addThermalStatusListener(context.mainExecutor, heard)
        listener = heard
    }

    fun stop() {
        listener?.let(power::removeThermalStatusListener)
        listener = null
    }
}
