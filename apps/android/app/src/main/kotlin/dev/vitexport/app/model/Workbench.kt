/** What is open, for all screens: a bundle, and how its graphs are run. It belongs to the main thread. */
package dev.vitexport.app.model

import android.content.Context
import android.net.Uri
import dev.vitexport.app.R
import dev.vitexport.app.bundle.AssetSource
import dev.vitexport.app.bundle.copyZip
import dev.vitexport.app.bundle.nameOf
import dev.vitexport.app.settings.Remembered
import dev.vitexport.core.Progress
import dev.vitexport.core.benchmark.BenchmarkResult
import dev.vitexport.core.bundle.Bundle
import dev.vitexport.core.bundle.BundleSource
import dev.vitexport.core.bundle.Configuration
import dev.vitexport.core.bundle.ZipSource
import dev.vitexport.core.settings.KeyValues
import dev.vitexport.core.settings.Settings
import dev.vitexport.core.settings.SettingsStore
import java.io.File
import java.io.IOException

/** Something else has the model, in one sentence. */
class Occupied(message: String) : Exception(message)

class Workbench(
    private val context: Context,
    private val store: SettingsStore,
    val remembered: Remembered,
    crashes: KeyValues,
) {
    val thread = ModelThread()
    val found = Found()
    private val loading = Loading(context, File(context.filesDir, "graphs"), crashes)
    private val zip = File(context.filesDir, "bundle.zip")
    private val listeners = mutableListOf<() -> Unit>()

    var settings = store.settings
        private set

    /** Null while nothing is open */
    var opened: Opened? = null
        private set

    /** Whether a bundle is being opened, or the open one loaded anew */
    var opening = false
        private set

    /** What has the model for itself, as the subject of a sentence; null if nothing */
    @Volatile
    var occupied: String? = null
        private set

    /** Call `listener` whenever something is opened, or open. */
    fun onChange(listener: () -> Unit) {
        listeners += listener
    }

    fun noLonger(listener: () -> Unit) {
        listeners -= listener
    }

    /** Open the zip that was opened last, or, without one, the bundle that the app brings. */
    fun openFirst(failed: (Throwable) -> Unit) {
        val name = remembered.zip
        load(failed) { settings ->
            if (name != null && zip.exists()) fresh(name, ZipSource(zip), settings, asked = false)
            else fresh(BROUGHT, AssetSource(context), settings, asked = false)
        }
    }

    /** Open the bundle that the app brings, now and whenever the app starts. */
    fun openBrought(failed: (Throwable) -> Unit) {
        load(failed, done = { remembered.zip = null }) { settings ->
            fresh(BROUGHT, AssetSource(context), settings, asked = true).also { zip.delete() }
        }
    }

    /** Open a zip that a person chose, now and whenever the app starts. Where that fails, what was open stays so. */
    fun openZip(chosen: Uri, failed: (Throwable) -> Unit) {
        load(failed, done = { remembered.zip = it.name }) { settings ->
            val copy = File(context.filesDir, "bundle.zip.part")
            try {
                context.copyZip(chosen, copy)
                val name = context.contentResolver.nameOf(chosen)
                val found = fresh(name, ZipSource(copy), settings, asked = true)
                if (!copy.renameTo(zip)) {
                    found.close()
                    throw IOException(context.getString(R.string.not_written, zip.path))
                }
                found
            } finally {
                copy.delete()
            }
        }
    }

    /**
     * Load the bundle that is open to be run otherwise, and keep these settings if that succeeds. [way] is what a
     * person chose just now; without one it is run as the settings have it.
     */
    fun configure(settings: Settings, way: Configuration?, failed: (Throwable) -> Unit) {
        val now = opened ?: return
        load(failed, done = { keep(settings) }) { loading.load(now.name, now.bundle, settings, asked = true, way) }
    }

    /** Of what needs no loading */
    fun keep(settings: Settings) {
        this.settings = settings
        store.settings = settings
    }

    /** Have the model for something that takes long. [who] is the subject of a sentence: "The benchmark". */
    fun <T> occupy(
        who: String, work: (Progress) -> T, said: (Double, String) -> Unit, answered: (Result<T>) -> Unit,
    ) {
        busy()?.let { return answered(Result.failure(Occupied(it))) }
        occupied = who
        thread.askLong(work, said) {
            occupied = null
            answered(it)
            tell() // screens that were made anew meanwhile did not hear the answer
        }
    }

    /** A benchmark of [of] ended: the fastest way is loaded by default where the bundle does not say which is. */
    fun measured(of: Opened, result: BenchmarkResult) = thread.execute { loading.measured(of.bundle, result) }

    /** Why nothing else can be begun now, in one sentence; null if it can. */
    fun busy(): String? = when (val running = occupied) {
        null -> if (opening) context.getString(R.string.being_opened) else null
        else -> context.getString(R.string.is_running, running)
    }

    /** [work] is done on the model's thread, with the settings as they are now. */
    private fun load(failed: (Throwable) -> Unit, done: (Opened) -> Unit = {}, work: (Settings) -> Opened) {
        busy()?.let { return failed(Occupied(it)) }
        opening = true
        tell()
        val now = settings
        thread.ask({ work(now) }) { result ->
            opening = false
            val before = opened
            result.onSuccess {
                opened = it
                done(it)
            }
            tell()
            // Only now, since whoever followed with the graphs of before has heard that they are gone.
            result.onSuccess { if (before != null) thread.execute { before.giveWayTo(it) } }
            result.onFailure(failed)
        }
    }

    /** A bundle that was not open before, on the model's thread. Where it does not load, its source is closed again. */
    private fun fresh(name: String, source: BundleSource, settings: Settings, asked: Boolean): Opened {
        val bundle = Bundle.open(source)
        try {
            return loading.load(name, bundle, settings, asked)
        } catch (error: Exception) {
            bundle.close()
            throw error
        }
    }

    private fun tell() = listeners.toList().forEach { it() }

    private companion object {
        /** The bundle that the app brings */
        const val BROUGHT = "vitexport"
    }
}
