/** ExecuTorch: a .pte, most of which XNNPACK runs on the CPU. */
package dev.vitexport.app.runners

import dev.vitexport.core.runners.GraphLoader
import dev.vitexport.core.runners.RunOptions
import dev.vitexport.core.runners.RunnerException
import dev.vitexport.core.runners.TensorSpec
import dev.vitexport.core.runners.Tensors
import dev.vitexport.core.runners.TimedRunner
import dev.vitexport.core.runners.allocate
import java.io.File
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
    private val shapes = inputs.map { (_, shape) -> LongArray(shape.size) { shape[it].toLong() } }

    override fun run(inputs: Tensors, outputs: Tensors) {
        val results = execute(arguments(inputs))
        this.outputs.forEachIndexed { place, (name) ->
            val into = outputs[name] ?: return@forEachIndexed
            results[place].toTensor().copyDataInto(into)
            into.rewind()
        }
    }

    override fun prepared(inputs: Tensors): () -> Unit {
        val arguments = arguments(inputs)
        return { execute(arguments) }
    }

    override fun close() = module.destroy()

    /**
     * A program takes its inputs in the order in which the manifest lists them. What is made here is small, and goes
     * with the run: to keep it would keep the caller's buffers, such as those of an object that was forgotten.
     */
    private fun arguments(values: Tensors): Array<EValue> = Array(inputs.size) { place ->
        EValue.from(Tensor.fromBlob(given(values, inputs[place].name), shapes[place]))
    }

    private fun execute(arguments: Array<EValue>): Array<EValue> = try {
        module.execute(METHOD, *arguments)
    } catch (error: RuntimeException) {
        throw RunnerException("ExecuTorch did not run the graph (${reason(error)}): export the model again.")
    }

    companion object : GraphLoader {
        /**
         * A program says nothing of its inputs and outputs until it runs, so it runs once, on zeros. The file is
         * mapped, and has to stay where it is.
         */
        override fun load(
            file: File, inputs: List<TensorSpec>, outputs: List<TensorSpec>?, options: RunOptions,
        ): TimedRunner {
            val module = loading { Module.load(file.path, Module.LOAD_MODE_MMAP, options.threads) }
            try {
                loading { module.loadMethod(METHOD) }
                val runner = ExecuTorchRunner(module, inputs, outputs.orEmpty())
                val found = runner.execute(runner.arguments(allocate(inputs))).map { it.toTensor() }
                if (outputs != null) check(found, outputs)
                return runner
            } catch (error: Exception) {
                module.destroy()
                throw error
            }
        }

        private inline fun <T> loading(load: () -> T): T = try {
            load()
        } catch (error: RuntimeException) {
            throw RunnerException("ExecuTorch cannot load the graph (${reason(error)}): export the model again.")
        }

        /** Outputs have no names in a program, but an order and shapes. */
        private fun check(found: List<Tensor>, listed: List<TensorSpec>) {
            if (found.size != listed.size) {
                throw RunnerException(
                    "The graph's file has ${found.size} outputs, and its manifest lists ${listed.size}: export the " +
                        "model again.",
                )
            }
            for ((tensor, spec) in found zip listed) {
                val shape = tensor.shape().map(Long::toInt)
                if (tensor.dtype() != DType.FLOAT || shape != spec.shape) {
                    throw RunnerException(
                        "The graph's file gives ${spec.name} as ${tensor.dtype()} $shape, and its manifest says " +
                            "float32 ${spec.shape}: export the model again.",
                    )
                }
            }
        }
    }
}
