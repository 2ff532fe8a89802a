/** What runners do alike with the buffers that they are given. */
package dev.vitexport.app.runners

import dev.vitexport.core.runners.RunnerException
import dev.vitexport.core.runners.Tensors
import java.nio.FloatBuffer

/** The buffer of an input. Throws [RunnerException] where the caller forgot it. */
fun given(inputs: Tensors, name: String): FloatBuffer =
    inputs[name] ?: throw RunnerException("The graph needs an input $name, and was given none.")

/** Why a runtime failed, on one line */
fun reason(error: Throwable): String = (error.message ?: error.javaClass.simpleName).trim().lineSequence().first()
