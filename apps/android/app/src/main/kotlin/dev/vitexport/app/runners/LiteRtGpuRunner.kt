/**
 * LiteRT on the GPU: a .tflite, by `CompiledModel`, in single precision. Where the GPU lacks an operator the graph is
 * refused; it is never left to the CPU without a word.
 *
 * Its tensors are filled from, and read as, arrays of the Java heap: inputs have theirs once, outputs a new one for
 * every run, which is the collector's to free.
 */
package dev.vitexport.app.runners

import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.CompiledModel
import com.google.ai.edge.litert.Environment
import com.google.ai.edge.litert.LiteRtException
import com.google.ai.edge.litert.TensorBuffer
import dev.vitexport.core.runners.GraphLoader
import dev.vitexport.core.runners.RunOptions
import dev.vitexport.core.runners.RunnerException
import dev.vitexport.core.runners.TensorSpec
import dev.vitexport.core.runners.Tensors
import dev.vitexport.core.runners.TimedRunner
import dev.vitexport.core.runners.elements
import java.io.File

class LiteRtGpuRunner private constructor(
    private val model: CompiledModel,
    override val inputs: List<TensorSpec>,
    override val outputs: List<TensorSpec>,
) : TimedRunner {
    private val arrays = inputs.associate { (name, shape) -> name to FloatArray(elements(shape).toInt()) }
    private val into: Map<String, TensorBuffer> = inputs.associate { (name) -> name to model.createInputBuffer(name) }
    private val from: Map<String, TensorBuffer> = outputs.associate { (name) -> name to model.createOutputBuffer(name) }

    override fun run(inputs: Tensors, outputs: Tensors) = running {
        place(inputs)
        model.run(into, from)
        for ((name, values) in outputs) {
            values.put(from.getValue(name).readFloat())
            values.rewind()
        }
    }

    override fun prepared(inputs: Tensors): () -> Unit {
        running { place(inputs) }
        return { running { model.run(into, from) } }
    }

    override fun close() {
        for (buffer in into.values + from.values) buffer.close()
        model.close()
    }

    private fun place(inputs: Tensors) {
        for ((name, array) in arrays) {
            given(inputs, name).get(array).rewind()
            into.getValue(name).writeFloat(array)
        }
    }

    private inline fun running(run: () -> Unit) = try {
        run()
    } catch (error: LiteRtException) {
        throw RunnerException("LiteRT did not run the graph on the GPU (${reason(error)}): run it on the CPU.")
    }

    /** Of the runtime's own tensors only names and sizes are known: those that differ fail here. */
    private fun check() = running {
        for ((name, array) in arrays) into.getValue(name).writeFloat(array)
        model.run(into, from)
        for ((name, shape) in outputs) {
            val count = from.getValue(name).readFloat().size
            if (count.toLong() != elements(shape)) {
                throw RunnerException(
                    "The graph's file has $count values in output $name, and its manifest says $shape: export the " +
                        "model again.",
                )
            }
        }
    }

    companion object : GraphLoader {
        /** Whatever `makes` throws, what it was for is closed. */
        private inline fun <T> AutoCloseable.closedUnless(makes: () -> T): T = try {
            makes()
        } catch (error: Exception) {
            close()
            throw error
        }

        /** One for all models, as the runtime asks for; it finds the GPU once. */
        private val environment by lazy { Environment.create() }

        override fun load(
            file: File, inputs: List<TensorSpec>, outputs: List<TensorSpec>?, options: RunOptions,
        ): TimedRunner {
            if (outputs == null) throw RunnerException("Kernels are timed on the CPU: make the pack with --unit cpu.")
            val gpu = CompiledModel.Options(Accelerator.GPU)
            gpu.gpuOptions = CompiledModel.GpuOptions(precision = CompiledModel.GpuOptions.Precision.FP32)
            try {
                val model = CompiledModel.create(file.path, gpu, environment)
                val runner = model.closedUnless { LiteRtGpuRunner(model, inputs, outputs) }
                runner.closedUnless { runner.check() }
                return runner
            } catch (error: LiteRtException) {
                throw RunnerException("LiteRT cannot load the graph on the GPU (${reason(error)}): run it on the CPU.")
            }
        }
    }
}
