package dev.vitexport.core.benchmark

import dev.vitexport.core.bundle.Configuration
import dev.vitexport.core.conformance.SelfTestResult
import dev.vitexport.core.frames.ThermalStatus
import dev.vitexport.core.packs.KernelFailure
import dev.vitexport.core.packs.KernelTimes
import dev.vitexport.core.packs.PackResult
import dev.vitexport.core.runners.ComputeUnit
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertTrue
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.jsonObject
import org.junit.Test

private val TIMES = Times(p50 = 20.0, p90 = 22.0, p99 = 25.0, mean = 20.123456789, std = 1.0, n = 50)
private val BENCHMARK = BenchmarkResult(
    configuration = Configuration("executorch", "fp32", "xnnpack", ComputeUnit.CPU, 4),
    warmup = 5,
    graphs = mapOf("encode_image" to GraphTimes(TIMES, firstMs = 80.0, loadMs = 120.0)),
    resize = TIMES.copy(p50 = 1.0),
    frame = TIMES,
    fps = 45.0,
    halfMinutes = listOf(20.0, 25.0),
    seconds = 60.012345,
    stopped = false,
    selfTest = null,
    startedAt = "2026-11-27T08:00:00.000Z",
)
private val PACK = PackResult(
    packSha256 = "a".repeat(64),
    runtime = "tflite",
    unit = ComputeUnit.GPU,
    precision = "fp32",
    threads = 1,
    kernels = mapOf("key" to KernelTimes(p50 = 0.5, mean = 0.5, n = 160, warmup = 21)),
    failures = listOf(KernelFailure("other", "It did not load.")),
    total = 2,
    stopped = true,
    seconds = 95.0,
    startedAt = "2026-11-27T08:00:00.000Z",
)

class ReportTest {
    private val about = Circumstances(
        device = DeviceFacts("Pixel 8", "Android 14", "Tensor G3"),
        appVersion = "0.1.0",
        runtime = "ExecuTorch 1.0",
        thermal = listOf(ThermalSample(0.0, ThermalStatus.NONE), ThermalSample(30.0, ThermalStatus.MODERATE)),
        batteryBefore = Battery(0.8, charging = false, lowPower = false),
        batteryAfter = Battery(0.79, charging = false, lowPower = true),
        memoryPeakMb = 312.5,
    )
    private val unknown =
        about.copy(thermal = emptyList(), batteryBefore = null, batteryAfter = null, memoryPeakMb = null)

    private fun report(result: BenchmarkResult = BENCHMARK, about: Circumstances = this.about) =
        Json.parseToJsonElement(benchmarkReport(result, "b".repeat(64), about).text).jsonObject

    private fun json(text: String): JsonElement = Json.parseToJsonElement(text)

    private fun JsonObject.at(vararg path: String): JsonElement =
        path.fold(this as JsonElement) { within, field -> within.jsonObject.getValue(field) }

    @Test
    fun `a benchmark has the graphs alone among the graphs`() {
        val report = report()
        assertEquals(
            json(
                """{"encode_image": {"p50": 20.0, "p90": 22.0, "p99": 25.0, "mean": 20.1235, "std": 1.0, "n": 50,
                "first_ms": 80.0, "load_ms": 120.0}}""",
            ),
            report.at("graphs"),
        )
        assertEquals(json("1.0"), report.at("stages", "resize", "p50"))
        assertEquals(json("45.0"), report.at("e2e", "fps"))
    }

    @Test
    fun `a result says how long it ran, whether it was stopped, and how it slowed down`() {
        val report = report()
        assertEquals(json("60.0123"), report.at("seconds"))
        assertEquals(json("false"), report.at("stopped"))
        assertEquals(json("[20.0, 25.0]"), report.at("e2e", "p50_of_half_minutes"))
    }

    @Test
    fun `a result says what ran it, on what, and how warm that became`() {
        val report = report()
        assertEquals(json("""{"model": "Pixel 8", "os": "Android 14", "soc": "Tensor G3"}"""), report.at("device"))
        val said = listOf("backend", "backend_version", "delegate", "compute_unit", "precision", "threads")
        assertEquals(
            json("""["executorch", "ExecuTorch 1.0", "xnnpack", "cpu", "fp32", 4]"""),
            JsonArray(said.map { report.at(it) }),
        )
        assertEquals(
            json(
                """{"start": "none", "end": "moderate", "samples": [{"seconds": 0.0, "status": "none"},
                {"seconds": 30.0, "status": "moderate"}]}""",
            ),
            report.at("thermal"),
        )
        assertEquals(
            json("""{"start": 0.8, "end": 0.79, "charging": false, "low_power": true}"""), report.at("battery"),
        )
        assertEquals(json("312.5"), report.at("memory_peak_mb"))
    }

    @Test
    fun `what a device does not tell is null`() {
        val report = report(about = unknown)
        assertEquals(json("""{"start": null, "end": null, "samples": []}"""), report.at("thermal"))
        val battery = """{"start": null, "end": null, "charging": null, "low_power": null}"""
        assertEquals(json(battery), report.at("battery"))
        assertEquals(JsonNull, report.at("memory_peak_mb"))
        assertEquals(JsonNull, report.at("selftest"))
    }

    @Test
    fun `a self-test that was stopped proves nothing`() {
        val stopped = SelfTestResult(pass = true, iou = 1.0, maxAbs = 0.25f, frames = 3, stopped = true, detail = "")
        assertEquals(JsonNull, report(BENCHMARK.copy(selfTest = stopped)).at("selftest"))
        assertEquals(
            json("""{"pass": true, "iou": 1.0, "max_abs": 0.25}"""),
            report(BENCHMARK.copy(selfTest = stopped.copy(stopped = false))).at("selftest"),
        )
    }

    @Test
    fun `a pack has its kernels by their keys, and what failed beside them`() {
        val report = Json.parseToJsonElement(packReport(PACK, about).text).jsonObject
        assertEquals(json("""{"key": {"p50": 0.5, "mean": 0.5, "n": 160, "warmup": 21}}"""), report.at("kernels"))
        assertEquals(json("""[{"key": "other", "reason": "It did not load."}]"""), report.at("failures"))
        assertEquals(json("\"gpu\""), report.at("delegate"))
        assertEquals(JsonNull, report.at("threads"))
        assertFalse("graphs" in report)
    }

    @Test
    fun `a file is named after what was measured, on what and when`() {
        assertEquals("vitexport-kernels-pixel-8-2026-11-27t08-00.json", packReport(PACK, about).name)
    }

    @Test
    fun `a benchmark counts where it ran to its end, on right masks as far as is known`() {
        val right = SelfTestResult(pass = true, iou = 1.0, maxAbs = 0f, frames = 24, stopped = false, detail = "")
        assertTrue(BENCHMARK.counts)
        assertTrue(BENCHMARK.copy(selfTest = right).counts)
        assertFalse(BENCHMARK.copy(stopped = true).counts)
        assertFalse(BENCHMARK.copy(selfTest = right.copy(pass = false)).counts)
        assertFalse(BENCHMARK.copy(selfTest = right.copy(stopped = true)).counts)
    }
}
