/** This device, as a result names it. */
package dev.vitexport.app.device

import android.os.Build
import java.io.File
import java.io.IOException

/** As its maker calls it, such as "Pixel 8"; a person may put it right before it is saved. */
val deviceModel: String get() = Build.MODEL

/** Such as "Android 16" */
val deviceSystem: String get() = "Android ${Build.VERSION.RELEASE}"

/** Such as "Tensor G3"; empty before Android 12, which is the first that tells. */
val deviceChip: String
    get() {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.S) return ""
        return Build.SOC_MODEL.takeUnless { it == Build.UNKNOWN }.orEmpty()
    }

private const val PEAK = "VmHWM:"

/** The most memory that the process has had at once, in MB; null where the system does not tell. */
fun memoryPeakMb(): Double? = try {
    File("/proc/self/status").useLines { lines ->
        lines.firstOrNull { it.startsWith(PEAK) }?.filter(Char::isDigit)?.toDoubleOrNull()?.div(1024)
    }
} catch (_: IOException) {
    null
}
