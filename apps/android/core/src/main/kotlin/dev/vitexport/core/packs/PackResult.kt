package dev.vitexport.core.packs

import dev.vitexport.core.runners.ComputeUnit
import kotlinx.serialization.Serializable

/** A kernel that did not load or run, and why. */
@Serializable
data class KernelFailure(val key: String, val reason: String)

/** What came of a kernel pack. */
data class PackResult(
    /** SHA-256 of the pack's manifest.json */
    val packSha256: String,
    val runtime: String,
    val unit: ComputeUnit,
    val precision: String,
    val threads: Int,
    /** By their keys, those that were timed */
    val kernels: Map<String, KernelTimes>,
    val failures: List<KernelFailure>,
    /** Kernels of the pack */
    val total: Int,
    /** Whether it was stopped before the last kernel */
    val stopped: Boolean,
    /** All that it took */
    val seconds: Double,
    /** ISO 8601 */
    val startedAt: String,
)
