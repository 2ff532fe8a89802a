/**
 * LiteRT on the CPU: a .tflite, by the `Interpreter`.
 *
 * `CompiledModel`, which is newer, takes and gives arrays of the Java heap only, a new one for every output of every
 * run (google-ai-edge/LiteRT#4920); the interpreter takes direct buffers, and copies between them and its own memory.
 */
package dev.vitexport.app.runners

import dev.vitexport.core.runners.FoundTensor
import dev.vitexport.core.runners.GraphLoader
import dev.vitexport.core.runners.RunOptions
import dev.vitexport.core.runners.RunnerException
import dev.vitexport.core.runners.TensorSpec
import dev.vitexport.core.runners.Tensors
import dev.vitexport.core.runners.TimedRunner
import dev.vitexport.core.runners.checkSignature
import java.io.File
import org.tensorflow.lite.DataType
import org.tensorflow.lite.Interpreter
import org.tensorflow.lite.Tensor

class LiteRtRunner private constructor(
    private val interpreter: Interpreter,
    private val signature: String,
    override val inputs: List<TensorSpec>,
    override val outputs: List<TensorSpec>,
) : TimedRunner {

    override fun run(inputs: Tensors, outputs: Tensors) {
        for ((name) in this.inputs) given(inputs, name)
        running { interpreter.runSignature(inputs, outputs, signature) }
        for (values in outputs.values) values.rewind()
    }

    /** The interpreter keeps what it was given; what it gives is not asked for. */
    override fun prepared(inputs: Tensors): () -> Unit {
        for ((name) in this.inputs) given(inputs, name)
        val nothing = emptyMap<String, Any>()
        return { running { interpreter.runSignature(inputs, nothing, signature) } }
    }

    override fun close() = interpreter.close()

    private inline fun running(run: () -> Unit) = try {
        run()
    } catch (error: RuntimeException) {
        throw RunnerException("LiteRT did not run the graph (${reason(error)}): restart the app.")
    }

    companion object : GraphLoader {
        override fun load(
            file: File, inputs: List<TensorSpec>, outputs: List<TensorSpec>?, options: RunOptions,
        ): TimedRunner {
            val interpreter = try {
                Interpreter(file, Interpreter.Options().setNumThreads(options.threads).setUseXNNPACK(true))
            } catch (error: RuntimeException) {
                throw RunnerException("LiteRT cannot load the graph (${reason(error)}): export the model again.")
            }
            try {
                val signatures = interpreter.signatureKeys
                val signature = signatures.singleOrNull() ?: throw RunnerException(
                    "The graph's file has ${signatures.size} signatures, and one is wanted: export the model again.",
                )
                val needed = interpreter.getSignatureInputs(signature)
                    .map { found(it, interpreter.getInputTensorFromSignature(it, signature)) }
                val given = interpreter.getSignatureOutputs(signature)
                    .map { found(it, interpreter.getOutputTensorFromSignature(it, signature)) }
                checkSignature("input", needed, inputs)
                if (outputs != null) checkSignature("output", given, outputs)
                return LiteRtRunner(interpreter, signature, inputs, outputs ?: given.map { it.spec })
            } catch (error: Exception) {
                interpreter.close()
                throw error
            }
        }

        private fun found(name: String, tensor: Tensor) = FoundTensor(
            TensorSpec(name, tensor.shape().toList()),
            if (tensor.dataType() == DataType.FLOAT32) "float32" else tensor.dataType().toString(),
        )
    }
}
