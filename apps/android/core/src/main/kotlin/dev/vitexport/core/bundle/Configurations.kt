/** Which of a bundle's variants this device can run, where and with how many threads; the best is the first. */
package dev.vitexport.core.bundle

import dev.vitexport.core.runners.ComputeUnit
import dev.vitexport.core.runners.RunOptions
import java.math.BigDecimal
import java.math.MathContext
import kotlinx.serialization.Serializable

/** How graphs are run. */
@Serializable
data class Configuration(
    val format: String,
    val precision: String,
    val delegate: String?,
    val unit: ComputeUnit,
    val threads: Int,
) {
    val options: RunOptions get() = RunOptions(unit, threads)
}

/** `configurations` begin with the one that is taken by default; `reason` says why it is first, in one sentence. */
data class Choice(val configurations: List<Configuration>, val reason: String)

/** What a device offers: a GPU that may be used, and cores. */
data class Processors(val gpu: Boolean, val cores: Int)

/** More threads than a phone has fast cores make a frame wait for its slow ones */
const val MOST_THREADS = 4

private class Way(val format: String, val delegate: String?, val unit: ComputeUnit, val name: String)

/**
 * What runs which format where; what is first is taken where no estimate tells. The GPU comes last: its delegate has
 * been seen to compute wrongly what it has (docs/litert-gpu.md).
 */
private val WAYS = listOf(
    Way("tflite", null, ComputeUnit.CPU, "LiteRT on the CPU"),
    Way("executorch", "xnnpack", ComputeUnit.CPU, "ExecuTorch on the CPU"),
    Way("tflite", null, ComputeUnit.GPU, "LiteRT on the GPU"),
)

/** Whether this app runs a format, on any device */
internal fun isRun(format: String): Boolean = WAYS.any { it.format == format }

/** ms of a frame: expected in the bundle's target, and measured on this device; null where that is not known */
private class Candidate(
    val name: String, val configuration: Configuration, val expected: Double?, val measured: Double?,
)

/**
 * `measured`: ms that a frame took here, which tell where the bundle expects nothing. `crashed`: what ended the app while
 * it was loaded, which comes last. Throws [BundleException] where nothing runs.
 */
fun configurationsOf(
    manifest: Manifest,
    processors: Processors,
    measured: (Configuration) -> Double? = { null },
    crashed: (Configuration) -> Boolean = { false },
): Choice {
    val candidates = WAYS.filter { it.unit != ComputeUnit.GPU || processors.gpu }
        .flatMap { way ->
            manifest.variants.filter { it.format == way.format && it.delegate == way.delegate }
                .map { candidate(manifest, way, it, processors, measured) }
        }
        .sortedWith(
            compareBy<Candidate> { crashed(it.configuration) }
                .thenBy { it.expected ?: Double.POSITIVE_INFINITY }
                .thenBy { it.measured ?: Double.POSITIVE_INFINITY },
        )
    val first = candidates.firstOrNull() ?: throw BundleException(
        "The bundle has nothing that this app runs; export the model with --format tflite --format executorch.",
    )
    val because = when {
        first.expected != null ->
            "it is expected to take least in ${manifest.target.name}: ${threeDigits(first.expected)} ms a frame"
        first.measured != null ->
            "it took least of what was measured on this device: ${threeDigits(first.measured)} ms a frame"
        else -> "it mostly is the fastest of what this app runs; what it takes here is not known"
    }
    return Choice(candidates.map { it.configuration }, "${first.name}, because $because.")
}

/**
 * What is run where nobody asks for anything: what a person chose before (`kept`), or else the best. What ended the app
 * while it was loaded is not: it would end it at every start. Null where that leaves nothing.
 */
fun byDefault(
    configurations: List<Configuration>,
    kept: Configuration?,
    crashed: (Configuration) -> Boolean,
): Configuration? {
    val sound = configurations.filterNot(crashed)
    return sound.find { it.runsAs(kept) } ?: sound.firstOrNull()
}

/** Whether both are one way to run a bundle, whatever the threads. */
private fun Configuration.runsAs(other: Configuration?) = other != null && copy(threads = other.threads) == other

/** The files that a configuration runs, by graph. */
fun artifactsFor(manifest: Manifest, configuration: Configuration): Map<String, ArtifactEntry> {
    val variant = configuration.run { Variant(format, precision, delegate) }
    return manifest.artifacts.filter { it.variant == variant }.associateBy { it.graph }
}

private fun candidate(
    manifest: Manifest, way: Way, variant: Variant, processors: Processors, measured: (Configuration) -> Double?,
): Candidate {
    // What a phone takes says nothing of a browser or a computer, nor they of it.
    val expected = manifest.latencies.find { it.variant == variant && it.unit == way.unit.word }
        .takeIf { manifest.target.platform == "android" }
    val threads = if (way.unit == ComputeUnit.CPU) processors.cores.coerceIn(1, MOST_THREADS) else 1
    val configuration = Configuration(variant.format, variant.precision, variant.delegate, way.unit, threads)
    return Candidate("${way.name} in ${variant.precision}", configuration, expected?.ms, measured(configuration))
}

private fun threeDigits(value: Double): String =
    BigDecimal(value).round(MathContext(3)).stripTrailingZeros().toPlainString()
