package dev.vitexport.core.benchmark

import dev.vitexport.core.frames.ThermalStatus
import kotlinx.serialization.Serializable

/** As the latency database has them, such as "Pixel 8", "Android 14" and "Tensor G3"; "" where not known. */
@Serializable
data class DeviceFacts(val model: String, val os: String, val soc: String)

/** How hot the device was `seconds` after the beginning. */
data class ThermalSample(val seconds: Double, val status: ThermalStatus)

/** The level is 0 to 1. */
data class Battery(val level: Double, val charging: Boolean, val lowPower: Boolean)

/** What the app knows of a run besides its times. What a device does not tell is null. */
data class Circumstances(
    val device: DeviceFacts,
    val appVersion: String,
    /** Name and version of what ran the graphs */
    val runtime: String,
    /** In their order; none where the device does not tell */
    val thermal: List<ThermalSample>,
    val batteryBefore: Battery?,
    val batteryAfter: Battery?,
    val memoryPeakMb: Double?,
)
