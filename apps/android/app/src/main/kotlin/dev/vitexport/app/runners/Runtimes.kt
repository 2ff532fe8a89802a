/** Which runtime runs which format where. */
package dev.vitexport.app.runners

import dev.vitexport.app.BuildConfig
import dev.vitexport.core.runners.ComputeUnit
import dev.vitexport.core.runners.GraphLoader

/** What runs graphs, as a result names it. */
class Runtime(val name: String, val loader: GraphLoader)

private val EXECUTORCH = Runtime("ExecuTorch ${BuildConfig.EXECUTORCH_VERSION}", ExecuTorchRunner)
private val LITERT = Runtime("LiteRT ${BuildConfig.LITERT_VERSION}", LiteRtRunner)
private val LITERT_GPU = Runtime("LiteRT ${BuildConfig.LITERT_VERSION}", LiteRtGpuRunner)

/** Format of artefacts, and unit → what runs them */
val RUNTIMES: Map<Pair<String, ComputeUnit>, Runtime> = mapOf(
    ("executorch" to ComputeUnit.CPU) to EXECUTORCH,
    ("tflite" to ComputeUnit.CPU) to LITERT,
    ("tflite" to ComputeUnit.GPU) to LITERT_GPU,
)
