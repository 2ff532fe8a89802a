/** ExecuTorch: a .pte, most of which XNNPACK runs on the CPU. */
package dev.vitexport.app.runners

import dev.vitexport.core.runners.LoadGraph
import dev.vitexport.core.runners.RunOptions
import dev.vitexport.core.runners.RunnerError
import dev.vitexport.core.runners.TensorSpec
import dev.vitexport.core.runners.TimedRunner
import dev.vitexport.core.runners.elements
import java.io.File
import java.nio.FloatBuffer
import org.pytorch.executorch.DType
import org.pytorch.executorch.EValue
import org.pytorch.executorch.Module
import org.pytorch.executorch.Tensor

private const val METHOD = "forward"

/**
 * Inputs are read where the caller has them: a tensor is a few words about a buffer. Outputs are views of the method's
 * memory, which the next run writes over, so they are copied out before `run` returns.
 */
class ExecuTorchRunner private constructor(
    private val module: Module,
    override val inputs: List<TensorSpec>,
    override val outputs: List<TensorSpec>,
) : TimedRunner {

    override fun run(inputs: Map<String, FloatBuffer>, outputs: Map<String, FloatBuffer>) {
        val results = execute(arguments(inputs))
        this.outputs.forEachIndexed { place, (name) ->
            val into = outputs[name] ?: return@forEachIndexed
            into.rewind()
            results[place].toTensor().copyDataInto(into)
            into.rewind()
        }
    }

    override fun prepared(inputs: Map<String, FloatBuffer>): () -> Unit {
        val arguments = arguments(inputs)
        return { execute(arguments) }
    }

    override fun close() = module.destroy()

    /** A program takes its inputs in the order in which the manifest lists them. */
    private fun arguments(values: Map<String, FloatBuffer>): Array<EValue> = Array(inputs.size) { place ->
        val (name, shape) = inputs[place]
        EValue.from(Tensor.fromBlob(given(values, name), shape.toLongs()))
    }

    private fun execute(arguments: Array<EValue>): Array<EValue> = try {
        module.execute(METHOD, *arguments)
    } catch (error: RuntimeException) {
        throw RunnerError("ExecuTorch did not run the graph (${reason(error)}): restart the app.")
    }

    companion object : LoadGraph {
        /**
         * A program says nothing of its inputs and outputs until it runs, so it runs once, on zeros. The file is mapped,
         * and has to stay where it is.
         */
        override fun load(
            file: File, inputs: List<TensorSpec>, outputs: List<TensorSpec>?, options: RunOptions,
        ): TimedRunner {
            val module = try {
                Module.load(file.path, Module.LOAD_MODE_MMAP, options.threads).also { it.loadMethod(METHOD) }
            } catch (error: RuntimeException) {
                throw RunnerError("ExecuTorch cannot load the graph (${reason(error)}): export the model again.")
            }
            try {
                val zeros = Array(inputs.size) { place ->
                    val shape = inputs[place].shape
                    EValue.from(Tensor.fromBlob(directFloats(elements(shape)), shape.toLongs()))
                }
                val found = module.execute(METHOD, *zeros).map { it.toTensor() }
                if (outputs != null) check(found, outputs)
                return ExecuTorchRunner(module, inputs, outputs ?: emptyList())
            } catch (error: RuntimeException) {
                module.destroy()
                throw error as? RunnerError
                    ?: RunnerError("The graph's file does not take the inputs that its manifest lists (${reason(error)}): export the model again.")
            }
        }

        /** Outputs have no names in a program, but an order and shapes. */
        private fun check(found: List<Tensor>, listed: List<TensorSpec>) {
            if (found.size != listed.size) {
                throw RunnerError(
                    "The graph's file has ${found.size} outputs, and its manifest lists ${listed.size}: export the model again.",
                )
            }
            for ((tensor, spec) in found zip listed) {
                val shape = tensor.shape().map(Long::toInt)
                if (tensor.dtype() != DType.FLOAT || shape != spec.shape) {
                    throw RunnerError(
                        "The graph's file gives ${spec.name} as ${tensor.dtype()} $shape, and its manifest says " +
                            "float32 ${spec.shape}: export the model again.",
                    )
                }
            }
        }

        private fun List<Int>.toLongs() = LongArray(size) { this[it].toLong() }
    }
}
