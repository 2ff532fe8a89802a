/**
 * The file that a benchmark, or the run of a kernel pack, is saved as: `vitexport latency import` reads it, and
 * docs/latency_import.md describes it. What a device does not tell is null.
 */
package dev.vitexport.core.benchmark

import dev.vitexport.core.conformance.SelfTestResult
import dev.vitexport.core.packs.PackResult
import dev.vitexport.core.runners.ComputeUnit
import java.math.BigDecimal
import java.math.MathContext
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonObjectBuilder
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.add
import kotlinx.serialization.json.addJsonObject
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.doubleOrNull
import kotlinx.serialization.json.encodeToJsonElement
import kotlinx.serialization.json.put
import kotlinx.serialization.json.putJsonArray
import kotlinx.serialization.json.putJsonObject

/** A file, named after what was measured, on what and when; `text` is JSON. */
class Report(val name: String, val text: String)

/** `manifestSha256` is that of the bundle. */
fun benchmarkReport(result: BenchmarkResult, manifestSha256: String, about: Circumstances): Report =
    reportOf("benchmark", about, result.startedAt) {
        val (format, precision, delegate, unit, threads) = result.configuration
        put("manifest_sha256", manifestSha256)
        putRuntime(format, delegate, unit, precision, threads)
        put("seconds", result.seconds)
        put("stopped", result.stopped)
        put("warmup", result.warmup)
        put("n", result.frame.n)
        putJsonObject("graphs") {
            for ((graph, times) in result.graphs) {
                putJsonObject(graph) {
                    putTimes(times.times)
                    put("first_ms", times.firstMs)
                    put("load_ms", times.loadMs)
                }
            }
        }
        putJsonObject("stages") { putJsonObject("resize") { putTimes(result.resize) } }
        putJsonObject("e2e") {
            put("fps", result.fps)
            put("p50", result.frame.p50)
            put("p90", result.frame.p90)
            putJsonArray("p50_of_half_minutes") { result.halfMinutes.forEach { add(it) } }
            put("dropped", null as Number?) // frames are made when there is time for them: no figure of a camera
        }
        put("selftest", result.selfTest?.takeIf { !it.stopped }?.let(::selfTestFigures) ?: JsonNull)
    }

fun packReport(result: PackResult, about: Circumstances): Report = reportOf("kernels", about, result.startedAt) {
    put("pack_sha256", result.packSha256)
    putRuntime(result.runtime, null, result.unit, result.precision, result.threads)
    put("seconds", result.seconds)
    put("stopped", result.stopped)
    put("kernels", Json.encodeToJsonElement(result.kernels))
    put("failures", Json.encodeToJsonElement(result.failures))
}

private fun selfTestFigures(result: SelfTestResult) = buildJsonObject {
    put("pass", result.pass)
    put("iou", result.iou)
    put("max_abs", result.maxAbs.takeIf { it.isFinite() })
}

private fun JsonObjectBuilder.putTimes(times: Times) =
    (Json.encodeToJsonElement(times) as JsonObject).forEach { (name, value) -> put(name, value) }

/** Backends have the names of the formats that they run; on the CPU, both of Android compute with XNNPACK. */
private fun JsonObjectBuilder.putRuntime(
    format: String,
    delegate: String?,
    unit: ComputeUnit,
    precision: String,
    threads: Int,
) {
    put("backend", format)
    put("delegate", delegate ?: if (unit == ComputeUnit.GPU) "gpu" else "xnnpack")
    put("compute_unit", unit.word)
    put("precision", precision)
    put("threads", threads.takeIf { unit == ComputeUnit.CPU })
}

private fun reportOf(
    kind: String,
    about: Circumstances,
    startedAt: String,
    ran: JsonObjectBuilder.() -> Unit,
): Report {
    val report = buildJsonObject {
        put("schema", 1)
        put("device", Json.encodeToJsonElement(about.device))
        put("app_version", about.appVersion)
        put("backend_version", about.runtime)
        put("method", "android app")
        ran()
        putJsonObject("thermal") {
            put("start", about.thermal.firstOrNull()?.status?.word)
            put("end", about.thermal.lastOrNull()?.status?.word)
            putJsonArray("samples") {
                for ((seconds, status) in about.thermal) {
                    addJsonObject {
                        put("seconds", seconds)
                        put("status", status.word)
                    }
                }
            }
        }
        putJsonObject("battery") {
            put("start", about.batteryBefore?.level)
            put("end", about.batteryAfter?.level)
            put("charging", about.batteryAfter?.charging)
            put("low_power", about.batteryAfter?.lowPower)
        }
        put("memory_peak_mb", about.memoryPeakMb)
        put("started_at", startedAt)
    }
    val words = "$kind ${about.device.model} ${startedAt.take(MINUTES)}".lowercase().replace(Regex("[^a-z0-9]+"), "-")
    return Report("vitexport-$words.json", "${PRETTY.encodeToString(rounded(report))}\n")
}

/** Characters of a time in ISO 8601 up to its minutes */
private const val MINUTES = 16

private val PRETTY = Json { prettyPrint = true }

/** Nobody's clock is better than six digits. */
private val DIGITS = MathContext(6)

private fun rounded(element: JsonElement): JsonElement = when (element) {
    is JsonObject -> JsonObject(element.mapValues { rounded(it.value) })
    is JsonArray -> JsonArray(element.map(::rounded))
    is JsonPrimitive -> {
        val value = element.takeIf { !it.isString && '.' in it.content }?.doubleOrNull
        if (value == null) element else JsonPrimitive(BigDecimal(value).round(DIGITS).toDouble())
    }
}
