/** Which runtime runs which format where. */
package dev.vitexport.app.runners

import dev.vitexport.app.BuildConfig
import dev.vitexport.core.bundle.Configuration
import dev.vitexport.core.runners.ComputeUnit
import dev.vitexport.core.runners.GraphLoader

/** What runs graphs; `name` is as a result has it, with its version. */
class Runtime(val name: String, val loader: GraphLoader)

private const val EXECUTORCH = "ExecuTorch ${BuildConfig.EXECUTORCH_VERSION}"
private const val LITERT = "LiteRT ${BuildConfig.LITERT_VERSION}"

/** Format of artefacts, and unit → what runs them */
private val RUNTIMES = mapOf(
    ("tflite" to ComputeUnit.CPU) to Runtime(LITERT, LiteRtRunner),
    ("tflite" to ComputeUnit.GPU) to Runtime(LITERT, LiteRtGpuRunner),
    ("executorch" to ComputeUnit.CPU) to Runtime(EXECUTORCH, ExecuTorchRunner),
)

fun runtimeOf(format: String, unit: ComputeUnit): Runtime = RUNTIMES.getValue(format to unit)

fun runtimeOf(way: Configuration): Runtime = runtimeOf(way.format, way.unit)
