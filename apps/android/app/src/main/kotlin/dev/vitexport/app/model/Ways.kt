/** How graphs are run, in names, the same on every screen. */
package dev.vitexport.app.model

import dev.vitexport.core.bundle.Configuration

private val RUNTIME_NAMES = mapOf("executorch" to "ExecuTorch", "tflite" to "LiteRT")

/** Such as "LiteRT, CPU, fp32" */
fun wayName(way: Configuration): String = "${RUNTIME_NAMES.getValue(way.format)}, ${way.unit}, ${way.precision}"
