package dev.vitexport.core.packs

import dev.vitexport.core.benchmark.timesOf
import kotlin.math.ceil
import kotlinx.serialization.Serializable

/**
 * Of a kernel, ms for one run. Blocks of several runs do not tell how single runs vary, and have no `p90` and such.
 * `warmup` counts the runs before those that are timed.
 */
@Serializable
data class KernelTimes(
    val p50: Double,
    val mean: Double,
    val n: Int,
    val warmup: Int,
    val p90: Double? = null,
    val p99: Double? = null,
    val std: Double? = null,
)

/** Shortest block, in ms: what a call and a look at the clock take beside its work is then below a thousandth */
private const val BLOCK_MS = 1.0

/** Runs before those that are timed, and how long they may take in all: what takes seconds is warm after one. */
private const val WARMUP = 5
private const val WARMUP_MS = 500.0

/** For each kernel in each round, in ms; one block at the least */
private const val ROUND_MS = 40.0

/** No block is this many times as long as the one before: a single run may be too short for the clock to see. */
private const val MOST_GROWTH = 16.0

/** One kernel on the clock, which times what is short in blocks of runs. `run` is the kernel's. */
class KernelClock(private val run: () -> Unit) {
    private val samples = mutableListOf<Double>()
    private var block = 1
    private var warmup = 0

    /** ms of one run; null before the first round. */
    val times: KernelTimes?
        get() {
            if (samples.isEmpty()) return null
            val all = timesOf(samples)
            val both = KernelTimes(all.p50, all.mean, all.n * block, warmup)
            return if (block == 1) both.copy(p90 = all.p90, p99 = all.p99, std = all.std) else both
        }

    /** Runs that are not timed, by the fastest of which the length of a block is chosen. Throws what the run throws. */
    fun warmUp() {
        var spent = 0.0
        var fastest = Double.MAX_VALUE
        do {
            val took = timed(1)
            spent += took
            fastest = minOf(fastest, took)
            warmup++
        } while (warmup < WARMUP && spent < WARMUP_MS)
        // A run that was interrupted is not long.
        var took = minOf(fastest, timed(1))
        while (took < BLOCK_MS) {
            warmup += block
            block *= if (took > 0) ceil(BLOCK_MS / took).coerceAtMost(MOST_GROWTH).toInt() else MOST_GROWTH.toInt()
            took = timed(block)
        }
        warmup += block
    }

    /** One turn. Throws what the run throws. */
    fun round() {
        var spent = 0.0
        while (spent < ROUND_MS) {
            val took = timed(block)
            samples += took / block
            spent += took
        }
    }

    private fun timed(runs: Int): Double {
        val begin = System.nanoTime()
        repeat(runs) { run() }
        return (System.nanoTime() - begin) / 1e6
    }
}
