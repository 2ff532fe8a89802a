package dev.vitexport.core.benchmark

import dev.vitexport.core.bundle.Configuration
import dev.vitexport.core.conformance.SelfTestResult

/** `times` of all runs but the warm ones; `firstMs` of the first run here. */
data class GraphTimes(val times: Times, val firstMs: Double, val loadMs: Double)

/** What a benchmark finds. `Report.kt` makes of it the file that is saved. */
data class BenchmarkResult(
    val configuration: Configuration,
    /** Frames before those that are timed */
    val warmup: Int,
    /** The graphs that run in every frame */
    val graphs: Map<String, GraphTimes>,
    /** Of a camera's frame to the square that graphs take */
    val resize: Times,
    val frame: Times,
    /** Frames a second, made as fast as the device takes them */
    val fps: Double,
    /** Median ms of a frame in each half minute, in their order */
    val halfMinutes: List<Double>,
    /** How long was timed, and whether that was stopped before its end */
    val seconds: Double,
    val stopped: Boolean,
    /** Of this configuration; null where the bundle has none */
    val selfTest: SelfTestResult?,
    /** ISO 8601 */
    val startedAt: String,
) {
    /** Whether it says how fast right masks are: it ran to its end, and so did the self-test, where there is one. */
    val counts: Boolean get() = !stopped && (selfTest == null || selfTest.pass && !selfTest.stopped)
}
