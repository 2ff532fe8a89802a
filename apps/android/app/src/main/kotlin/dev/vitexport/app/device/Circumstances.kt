/** What was around a measurement: battery, heat and memory, from when this is made until it has [ended]. */
package dev.vitexport.app.device

import android.content.Context

class Circumstances(private val context: Context, private val conditions: Conditions) {
    private val battery = Battery.of(context)
    private val thermal = conditions.thermalStatus
    private val samples = mutableListOf<Int>()
    private var sampled = System.nanoTime()
}
