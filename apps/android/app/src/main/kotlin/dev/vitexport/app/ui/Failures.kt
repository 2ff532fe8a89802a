/** What went wrong, in one sentence that says what to do. */
package dev.vitexport.app.ui

import android.content.Context
import dev.vitexport.app.R
import dev.vitexport.app.model.Occupied
import dev.vitexport.core.bundle.BundleError
import dev.vitexport.core.bundle.SourceError
import dev.vitexport.core.packs.PackError
import dev.vitexport.core.runners.RunnerError
import dev.vitexport.core.tracker.PromptError

/** Whose messages are already a sentence for a person */
private val SAID = listOf(
    BundleError::class, SourceError::class, RunnerError::class, PackError::class, PromptError::class, Occupied::class,
)

fun sentence(context: Context, error: Throwable): String =
    if (SAID.any { it.isInstance(error) }) error.message.orEmpty()
    else context.getString(R.string.went_wrong, error.message ?: error.javaClass.simpleName)
