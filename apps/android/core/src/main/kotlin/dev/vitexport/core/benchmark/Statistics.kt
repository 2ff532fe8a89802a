/** What many runs of one thing took, in few numbers; all in ms. */
package dev.vitexport.core.benchmark

import kotlin.math.ceil
import kotlin.math.floor
import kotlin.math.sqrt
import kotlinx.serialization.Serializable

data class Percentiles(val p50: Double, val p90: Double)

/** `std` is of single runs around their mean, `n` how many runs there were. */
@Serializable
data class Times(
    val p50: Double,
    val p90: Double,
    val p99: Double,
    val mean: Double,
    val std: Double,
    val n: Int,
)

/** Throws `IllegalArgumentException` where nothing was timed. */
fun timesOf(samples: List<Double>): Times {
    require(samples.isNotEmpty()) { "Nothing was timed, so there is nothing to sum up." }
    val sorted = samples.sorted()
    val mean = sorted.average()
    return Times(
        p50 = percentile(sorted, 0.5),
        p90 = percentile(sorted, 0.9),
        p99 = percentile(sorted, 0.99),
        mean = mean,
        std = sqrt(sorted.sumOf { (it - mean) * (it - mean) } / sorted.size),
        n = sorted.size,
    )
}

/** Null where there is no value */
fun percentilesOf(samples: List<Double>): Percentiles? = samples.sorted().takeIf { it.isNotEmpty() }
    ?.let { Percentiles(percentile(it, 0.5), percentile(it, 0.9)) }

/**
 * Medians of periods one after the other, each of `period` ms: they tell whether what is done over and over gets
 * slower. The last has what is left, unless that is less than a half.
 */
fun medians(samples: List<Double>, period: Double): List<Double> {
    val periods = mutableListOf(mutableListOf<Double>())
    var begun = 0.0
    var now = 0.0
    for (sample in samples) {
        if (now - begun >= period) {
            begun = now
            periods += mutableListOf<Double>()
        }
        periods.last() += sample
        now += sample
    }
    if (periods.size > 1 && now - begun < period / 2) periods.removeAt(periods.lastIndex)
    return periods.filter { it.isNotEmpty() }.map { timesOf(it).p50 }
}

/** Of sorted values, between the two nearest in proportion, as NumPy has it. */
fun percentile(sorted: List<Double>, share: Double): Double {
    val place = share * (sorted.size - 1)
    val below = sorted[floor(place).toInt()]
    val above = sorted[ceil(place).toInt()]
    return below + (above - below) * (place - floor(place))
}
