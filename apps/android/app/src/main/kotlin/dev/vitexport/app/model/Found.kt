package dev.vitexport.app.model

import dev.vitexport.core.benchmark.BenchmarkResult
import dev.vitexport.core.benchmark.Circumstances
import dev.vitexport.core.conformance.SelfTestResult
import dev.vitexport.core.packs.PackResult

/**
 * What the long runs found last. Screens go with their activity, such as when the device is turned right after ten
 * minutes of a benchmark; what was found does not. It belongs to the main thread.
 */
class Found {
    var test: Test? = null
    var benchmark: Benchmark? = null
    var pack: Pack? = null

    /** Of the graphs that were open then */
    class Test(val result: SelfTestResult, val opened: Opened)

    /**
     * Of the [model] of a bundle, which need not be open any more. [around] is given the device's name, which a person
     * may put right before it is saved.
     */
    class Benchmark(
        val result: BenchmarkResult,
        val model: String,
        val manifestSha256: String,
        val around: (String) -> Circumstances,
    )

    class Pack(val result: PackResult, val around: (String) -> Circumstances)
}
