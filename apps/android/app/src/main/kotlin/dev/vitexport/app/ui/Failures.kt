package dev.vitexport.app.ui

import android.content.Context
import dev.vitexport.app.R
import dev.vitexport.app.model.Occupied
import dev.vitexport.core.bundle.BundleException
import dev.vitexport.core.packs.PackException
import dev.vitexport.core.runners.RunnerException
import dev.vitexport.core.tracker.PromptException

/** Whose messages are already a sentence for a person */
private val SAID = listOf(
    BundleException::class, RunnerException::class, PackException::class, PromptException::class, Occupied::class,
)

/** What went wrong, in one sentence that says what to do. */
fun sentence(context: Context, error: Throwable): String =
    if (SAID.any { it.isInstance(error) }) error.message.orEmpty()
    else context.getString(R.string.went_wrong, error.message ?: error.javaClass.simpleName)
