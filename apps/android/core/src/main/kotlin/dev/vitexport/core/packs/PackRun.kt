/**
 * Times the kernels of a pack, in groups whose kernels take turns, so that whatever slows the device for a while slows
 * all of a group alike. A kernel that does not load or run is left out, and the others go on.
 */
package dev.vitexport.core.packs

import dev.vitexport.core.Progress
import dev.vitexport.core.runners.GraphLoader
import dev.vitexport.core.runners.RunOptions
import dev.vitexport.core.runners.Tensors
import dev.vitexport.core.runners.TimedRunner
import dev.vitexport.core.runners.allocate
import java.time.Instant
import kotlin.random.Random

/** Kernels that are loaded at once: as many as fit into the memory of a small phone */
private const val GROUP = 16

private const val ROUNDS = 5

/**
 * All kernels of a pack, or, where it is stopped, those that had a turn. `loader` is that of the pack's runtime. What a
 * kernel throws is among the failures; throws [PackException] where all fail.
 */
fun timePack(pack: Pack, loader: GraphLoader, threads: Int, progress: Progress): PackResult {
    val (runtime, unit, precision, kernels) = pack.manifest
    val startedAt = Instant.now().toString()
    val begin = System.nanoTime()
    val run = PackRun(pack, loader, RunOptions(unit, threads), progress)
    kernels.chunked(GROUP).forEachIndexed { index, group -> run.time(group, GROUP * index) }
    if (!run.stopped && run.times.isEmpty()) {
        throw PackException("No kernel of the pack gave a time; of the first: ${run.failures.first().reason}")
    }
    val seconds = (System.nanoTime() - begin) / 1e9
    return PackResult(
        pack.sha256, runtime, unit, precision, threads, run.times, run.failures, kernels.size, run.stopped, seconds,
        startedAt,
    )
}

/** A kernel that is loaded. */
private class Running(val kernel: PackedKernel, val runner: TimedRunner) {
    val clock = KernelClock(runner.prepared(randomInputs(kernel)))
}

private class PackRun(
    private val pack: Pack,
    private val loader: GraphLoader,
    private val options: RunOptions,
    private val progress: Progress,
) {
    val times = mutableMapOf<String, KernelTimes>()
    val failures = mutableListOf<KernelFailure>()
    var stopped = false
        private set

    /** Where it was stopped, nothing more is timed. */
    fun time(group: List<PackedKernel>, first: Int) {
        val total = pack.manifest.kernels.size
        val goOn = { turns: Int ->
            val share = (first + group.size * turns.toDouble() / (ROUNDS + 1)) / total
            stopped = stopped || !progress(share, "Kernel ${first + 1} of $total")
            !stopped
        }
        val running = mutableListOf<Running>()
        try {
            for (kernel in group) if (goOn(0)) load(kernel, running)
            for (turn in 1..ROUNDS) if (goOn(turn)) takeTurns(running)
            for (one in running) one.clock.times?.let { times[one.kernel.key] = it }
        } finally {
            running.forEach { it.runner.close() }
        }
    }

    private fun load(kernel: PackedKernel, running: MutableList<Running>) {
        var runner: TimedRunner? = null
        try {
            runner = loader.load(pack.file(kernel), kernel.inputs, null, options)
            running += Running(kernel, runner).also { it.clock.warmUp() }
        } catch (error: Exception) {
            failures += failure(kernel, error)
            runner?.close()
        }
    }

    /** One that fails in a round has no further, and what it has is void. */
    private fun takeTurns(running: MutableList<Running>) {
        for (one in running.toList()) {
            try {
                one.clock.round()
            } catch (error: Exception) {
                failures += failure(one.kernel, error)
                running -= one
                one.runner.close()
            }
        }
    }
}

private fun failure(kernel: PackedKernel, error: Exception) =
    KernelFailure(kernel.key, error.message ?: error.toString())

/** Numbers from 0 to 1: of zeros alone some processors make short work */
private fun randomInputs(kernel: PackedKernel): Tensors = allocate(kernel.inputs).onEach { (_, values) ->
    for (index in 0 until values.capacity()) values.put(index, Random.nextFloat())
}
