package dev.vitexport.app.device

import android.content.Context
import dev.vitexport.app.BuildConfig
import dev.vitexport.core.benchmark.Circumstances
import dev.vitexport.core.benchmark.DeviceFacts
import dev.vitexport.core.benchmark.ThermalSample
import dev.vitexport.core.frames.ThermalStatus

/** Between two looks at how hot the device is, in ns */
private const val LOOK_EVERY = 5_000_000_000L

/** Watches over a measurement, from when this is made until its [end]: how hot the device is, and what power it has. */
class Watch(private val context: Context, private val conditions: Conditions) {
    private val began = System.nanoTime()
    private val battery = batteryNow(context, conditions)
    private val thermal = mutableListOf<ThermalSample>()
    private var looked = began

    init {
        conditions.thermal?.let(::note)
    }

    /** It goes on; on the thread of what is measured. */
    fun look() {
        val now = System.nanoTime()
        if (now - looked < LOOK_EVERY) return
        looked = now
        conditions.thermal?.let(::note)
    }

    /** What was around it, but for the device's name: a person may put that right. [runtime] is what ran the graphs. */
    fun end(runtime: String): (String) -> Circumstances {
        conditions.thermal?.let(::note)
        val after = batteryNow(context, conditions)
        val memory = memoryPeakMb()
        return { name ->
            val device = DeviceFacts(name, deviceSystem, deviceChip)
            Circumstances(device, BuildConfig.VERSION_NAME, runtime, thermal, battery, after, memory)
        }
    }

    private fun note(status: ThermalStatus) {
        thermal += ThermalSample((System.nanoTime() - began) / 1e9, status)
    }
}
