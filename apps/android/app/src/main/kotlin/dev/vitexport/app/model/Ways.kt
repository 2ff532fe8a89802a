/** How graphs are run, in words, the same on every screen. */
package dev.vitexport.app.model

import dev.vitexport.core.bundle.Configuration
import dev.vitexport.core.runners.ComputeUnit

private val RUNTIME_NAMES = mapOf("executorch" to "ExecuTorch", "tflite" to "LiteRT")

/** Such as "LiteRT, CPU, fp32" */
fun wayName(way: Configuration): String = "${RUNTIME_NAMES.getValue(way.format)}, ${way.unit}, ${way.precision}"

/** Such as "LiteRT, CPU, fp32, 4 threads" */
fun configurationName(way: Configuration): String = when {
    way.unit == ComputeUnit.GPU -> wayName(way)
    way.threads == 1 -> "${wayName(way)}, 1 thread"
    else -> "${wayName(way)}, ${way.threads} threads"
}
