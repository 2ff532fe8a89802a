/** Small kernel packs for tests, of artefacts that nobody runs. */
package dev.vitexport.core.packs

import dev.vitexport.core.bundle.MemorySource
import dev.vitexport.core.bundle.bytesOf
import dev.vitexport.core.bundle.json
import dev.vitexport.core.bundle.sha256
import dev.vitexport.core.bundle.with
import java.io.File
import kotlinx.serialization.json.JsonObject

fun artefact(name: String): ByteArray = "the kernel $name".toByteArray()

/** A manifest of kernels with these names, of one input [2, 3] each. */
fun manifestOf(names: List<String>, vararg changes: Pair<String, Any?>): ByteArray = bytesOf(
    (json(
        mapOf(
            "schema" to 1,
            "made_by" to "tests",
            "runtime" to "tflite",
            "unit" to "cpu",
            "precision" to "fp32",
            "kernels" to names.map(::kernelOf),
        ),
    ) as JsonObject).with(*changes),
)

fun kernelOf(name: String): Map<String, Any?> = mapOf(
    "key" to "$name of the pack",
    "file" to "kernels/$name.tflite",
    "sha256" to sha256(artefact(name)),
    "inputs" to listOf(mapOf("name" to "x", "shape" to listOf(2, 3), "dtype" to "float32", "channels_last" to false)),
)

/** A pack of such kernels; `altered` are files of other content than the manifest says. */
fun packOf(names: List<String>, folder: File, altered: Map<String, ByteArray> = emptyMap()): Pack {
    val files = names.associate { "kernels/$it.tflite" to artefact(it) } + ("manifest.json" to manifestOf(names))
    return Pack.open(MemorySource(files + altered), folder)
}
