/** What runners do alike with the buffers that they are given. */
package dev.vitexport.app.runners

import dev.vitexport.core.runners.RunnerError
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.FloatBuffer

/** Values that a runtime reads where they are, without a copy in between */
fun directFloats(count: Int): FloatBuffer =
    ByteBuffer.allocateDirect(count * Float.SIZE_BYTES).order(ByteOrder.nativeOrder()).asFloatBuffer()

/** The buffer of an input, from its start. Throws [RunnerError] where the caller forgot it, or it is no direct one. */
fun given(inputs: Map<String, FloatBuffer>, name: String): FloatBuffer {
    val values = inputs[name] ?: throw RunnerError("The graph needs an input $name, and was given none.")
    if (!values.isDirect) throw RunnerError("The input $name is no direct buffer: allocate it as one.")
    values.rewind()
    return values
}

/** Why a runtime failed, on one line */
fun reason(error: Throwable): String = (error.message ?: error.javaClass.simpleName).trim().lineSequence().first()
