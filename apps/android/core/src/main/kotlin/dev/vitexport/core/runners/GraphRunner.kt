/** The one interface between an app and a runtime: named tensors in, named tensors out, in the caller's memory. */
package dev.vitexport.core.runners

import java.io.File
import java.nio.FloatBuffer

/**
 * Tensor name -> its values, row-major float32: direct, in native order, from 0 to its capacity. Runners neither move
 * positions nor keep buffers.
 */
typealias Tensors = Map<String, FloatBuffer>

enum class ComputeUnit(val word: String) { CPU("cpu"), GPU("gpu") }

/** Where and how a graph runs. Threads are those of the CPU. */
data class RunOptions(val unit: ComputeUnit, val threads: Int)

/** One graph of a bundle, loaded and ready. One thread at a time. */
interface GraphRunner : AutoCloseable {
    val inputs: List<TensorSpec>
    val outputs: List<TensorSpec>

    /**
     * Run once. `inputs` has every input and is not changed; every output that `outputs` names is written there. A
     * buffer may not be among both: states are double-buffered. Throws [RunnerException].
     */
    fun run(inputs: Tensors, outputs: Tensors)
}

/** A graph that can be timed by itself. */
interface TimedRunner : GraphRunner {
    /** Puts inputs where the runtime has them, and gives a function that runs the graph on them and reads no output. */
    fun prepared(inputs: Tensors): () -> Unit
}

/** Loads the graphs of one runtime. */
fun interface GraphLoader {
    /**
     * Throws [RunnerException] where the file's inputs and outputs are not those that the manifest lists; a kernel of a
     * pack, whose manifest lists no outputs (null), may have any.
     */
    fun load(file: File, inputs: List<TensorSpec>, outputs: List<TensorSpec>?, options: RunOptions): TimedRunner
}

/** A graph that does not load or run, in one sentence. */
class RunnerException(message: String, cause: Throwable? = null) : Exception(message, cause)
