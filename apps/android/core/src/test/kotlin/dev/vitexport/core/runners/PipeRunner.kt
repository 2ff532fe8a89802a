/** Runs real artefacts by this machine's runtimes, through the pipes of `apps/pipe_worker.py`: it has the protocol. */
package dev.vitexport.core.runners

import dev.vitexport.core.bundle.Bundle
import dev.vitexport.core.bundle.FolderSource
import dev.vitexport.core.bundle.bytesOf
import dev.vitexport.core.bundle.json
import java.io.BufferedInputStream
import java.io.BufferedOutputStream
import java.io.DataInputStream
import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import org.junit.Assume.assumeTrue

/** The folder of the environment variable; without it the test is skipped. */
fun folderOf(variable: String): File {
    val path = System.getenv(variable)
    assumeTrue(
        "Set VITEXPORT_BUNDLE to a bundle's folder and VITEXPORT_PIPES to one for pipes, and start " +
            "`python apps/pipe_worker.py \$VITEXPORT_BUNDLE \$VITEXPORT_PIPES`.",
        path != null,
    )
    return File(path)
}

/** The bundle whose graphs the worker runs */
fun realBundle(): Bundle = Bundle.open(FolderSource(folderOf("VITEXPORT_BUNDLE")))

/** One for the whole run of the tests: the worker serves one program after the other. */
private object Worker {
    // The worker opens its ends in this order, and each side waits for the other.
    private val requests = BufferedOutputStream(File(folderOf("VITEXPORT_PIPES"), "requests").outputStream(), BUFFER)
    private val replies =
        DataInputStream(BufferedInputStream(File(folderOf("VITEXPORT_PIPES"), "replies").inputStream(), BUFFER))

    fun run(what: Map<String, String>, specs: List<TensorSpec>, inputs: Tensors, outputs: Tensors) {
        requests.write(bytesOf(json(what + mapOf("inputs" to specs.associate { it.name to it.shape }))))
        requests.write('\n'.code)
        for ((name, shape) in specs) {
            val values = littleEndian(elements(shape).toInt())
            values.asFloatBuffer().put(inputs.getValue(name).duplicate())
            requests.write(values.array())
        }
        requests.flush()
        val reply = Json.parseToJsonElement(readLine()).jsonObject
        reply["error"]?.let { throw RunnerException(it.jsonPrimitive.content) }
        for ((name, shape) in reply.getValue("outputs").jsonObject) {
            val values = littleEndian(elements(Json.decodeFromString(shape.toString())).toInt())
            replies.readFully(values.array())
            outputs[name]?.duplicate()?.put(values.asFloatBuffer())
        }
    }

    private fun littleEndian(count: Int) = ByteBuffer.allocate(Float.SIZE_BYTES * count).order(ByteOrder.LITTLE_ENDIAN)

    private fun readLine(): String = generateSequence { replies.readByte().toInt().toChar().takeIf { it != '\n' } }
        .joinToString("")
}

private const val BUFFER = 1 shl 16

/** `what` says to the worker which artefact it is. */
class PipeRunner(
    private val what: Map<String, String>,
    override val inputs: List<TensorSpec>,
    override val outputs: List<TensorSpec>,
) : TimedRunner {
    override fun run(inputs: Tensors, outputs: Tensors) = Worker.run(what, this.inputs, inputs, outputs)

    override fun prepared(inputs: Tensors): () -> Unit = { run(inputs, emptyMap()) }

    override fun close() = Unit
}

/** Loads artefacts of a format from files, as an app does. */
class PipeLoader(private val format: String) : GraphLoader {
    override fun load(
        file: File,
        inputs: List<TensorSpec>,
        outputs: List<TensorSpec>?,
        options: RunOptions,
    ): TimedRunner = PipeRunner(mapOf("format" to format, "file" to file.path), inputs, outputs.orEmpty())
}
