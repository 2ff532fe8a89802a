package dev.vitexport.core.bundle

import dev.vitexport.core.runners.ComputeUnit
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import org.junit.Test

private val PHONE = Processors(gpu = false, cores = 8)
private val DELEGATES = mapOf("executorch" to "xnnpack")

class ConfigurationsTest {
    /** A bundle for a phone in these formats, of which some are expected to take so many ms on the CPU. */
    private fun bundleIn(vararg formats: String, ms: Map<String, Double> = emptyMap(), unit: String = "cpu"): Manifest {
        val variants = formats.map { Variant(it, "fp32", DELEGATES[it]) }
        return MANIFEST_OF_TESTS.copy(
            variants = variants,
            artifacts = variants.flatMap { variant ->
                MANIFEST_OF_TESTS.artifacts.map { it.copy(variant = variant, file = "${variant.format}/${it.graph}") }
            },
            latencies = variants.map { FrameLatency(it, unit, ms[it.format]) },
        )
    }

    /** Format and unit of each configuration, in order */
    private fun ways(manifest: Manifest, processors: Processors = PHONE) =
        configurationsOf(manifest, processors).configurations.map { "${it.format} ${it.unit.word}" }

    @Test
    fun `of what the app runs there is one configuration each, the GPU last where it may be used`() {
        val manifest = bundleIn("onnx", "executorch", "coreml", "tflite")
        assertEquals(listOf("tflite cpu", "executorch cpu"), ways(manifest))
        assertEquals(listOf("tflite cpu", "executorch cpu", "tflite gpu"), ways(manifest, PHONE.copy(gpu = true)))
    }

    @Test
    fun `what is expected to take least in the target is the default, and the reason says so`() {
        val expected = mapOf("onnx" to 1.0, "tflite" to 80.0, "executorch" to 42.42)
        val manifest = bundleIn("onnx", "tflite", "executorch", ms = expected)
        assertEquals(listOf("executorch cpu", "tflite cpu"), ways(manifest))
        assertEquals(
            "ExecuTorch on the CPU in fp32, because it is expected to take least in Pixel 8: 42.4 ms a frame.",
            configurationsOf(manifest, PHONE).reason,
        )
    }

    @Test
    fun `what is expected of another platform says nothing of this one`() {
        val expected = bundleIn("tflite", "executorch", ms = mapOf("executorch" to 42.4))
        val manifest = expected.copy(target = Target("chrome_on_pixel8", "Chrome on Pixel 8", "browser"))
        assertEquals(listOf("tflite cpu", "executorch cpu"), ways(manifest))
    }

    @Test
    fun `what is expected of one unit says nothing of another`() {
        val manifest = bundleIn("tflite", "executorch", ms = mapOf("tflite" to 5.0), unit = "gpu")
        assertEquals(listOf("tflite cpu", "executorch cpu"), ways(manifest))
        assertEquals(listOf("tflite gpu", "tflite cpu", "executorch cpu"), ways(manifest, PHONE.copy(gpu = true)))
    }

    @Test
    fun `where nothing is expected the reason says that it is not known`() {
        assertEquals(
            "LiteRT on the CPU in fp32, because it mostly is the fastest of what this app runs; what it takes here " +
                "is not known.",
            configurationsOf(bundleIn("tflite"), PHONE).reason,
        )
    }

    @Test
    fun `where nothing is expected, what was measured fastest here is the default, and the reason says so`() {
        val took = mapOf("tflite" to 80.0, "executorch" to 42.42)
        val choice = configurationsOf(bundleIn("tflite", "executorch"), PHONE, { took[it.format] })
        assertEquals(listOf("executorch", "tflite"), choice.configurations.map { it.format })
        assertEquals(
            "ExecuTorch on the CPU in fp32, because it took least of what was measured on this device: 42.4 ms a frame.",
            choice.reason,
        )
    }

    @Test
    fun `what is expected goes before what was measured, and what crashed comes last whatever it took`() {
        val took = mapOf("tflite" to 1.0)
        val expected = bundleIn("tflite", "executorch", ms = mapOf("executorch" to 42.4))
        assertEquals("executorch", configurationsOf(expected, PHONE, { took[it.format] }).configurations[0].format)
        val unknown = bundleIn("tflite", "executorch")
        val choice = configurationsOf(unknown, PHONE, { took[it.format] }) { it.format == "tflite" }
        assertEquals("executorch", choice.configurations[0].format)
    }

    @Test
    fun `a bundle that the app cannot run is refused, with the formats that it can`() {
        val refusal = assertFailsWith<BundleException> { configurationsOf(bundleIn("coreml", "onnx"), PHONE) }
        assertEquals(
            "The bundle has nothing that this app runs; export the model with --format tflite --format executorch.",
            refusal.message,
        )
    }

    @Test
    fun `threads are as many as there are cores, at most four, and one beside a GPU`() {
        fun threads(cores: Int) = configurationsOf(bundleIn("tflite"), Processors(gpu = true, cores)).configurations
            .associate { it.unit to it.threads }
        assertEquals(mapOf(ComputeUnit.CPU to 4, ComputeUnit.GPU to 1), threads(8))
        assertEquals(2, threads(2)[ComputeUnit.CPU])
    }

    @Test
    fun `what a person chose before is the default, whatever the threads were`() {
        val (best, other) = configurationsOf(bundleIn("tflite", "executorch"), PHONE).configurations
        assertEquals(best, byDefault(listOf(best, other), kept = null) { false })
        assertEquals(other, byDefault(listOf(best, other), other.copy(threads = 1)) { false })
    }

    @Test
    fun `what ended the app is never the default, even if a person chose it`() {
        val (best, other) = configurationsOf(bundleIn("tflite", "executorch"), PHONE).configurations
        assertEquals(best, byDefault(listOf(best, other), other) { it == other })
        assertEquals(null, byDefault(listOf(best, other), other) { true })
    }

    @Test
    fun `a configuration runs the files of its own variant`() {
        val manifest = bundleIn("onnx", "executorch")
        val configuration = configurationsOf(manifest, PHONE).configurations.single()
        assertEquals("executorch/track_step", artifactsFor(manifest, configuration)["track_step"]?.file)
        assertEquals(emptyMap(), artifactsFor(manifest, configuration.copy(precision = "fp16")))
    }
}
