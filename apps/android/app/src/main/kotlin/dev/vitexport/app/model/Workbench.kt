/** What is open, for all screens: a bundle, and how its graphs are run. It belongs to the main thread. */
package dev.vitexport.app.model

import android.content.Context
import android.net.Uri
import dev.vitexport.app.bundle.AssetSource
import dev.vitexport.app.bundle.copyZip
import dev.vitexport.app.bundle.nameOf
import dev.vitexport.app.settings.Remembered
import dev.vitexport.core.Progress
import dev.vitexport.core.bundle.Bundle
import dev.vitexport.core.bundle.ZipSource
import dev.vitexport.core.settings.CrashMemory
import dev.vitexport.core.settings.Settings
import dev.vitexport.core.settings.SettingsStore
import java.io.File

/** Something else has the model, in one sentence. */
class Occupied(message: String) : Exception(message)

class Workbench(
    private val context: Context,
    private val store: SettingsStore,
    val remembered: Remembered,
    crashes: CrashMemory,
) {
    val thread = ModelThread()
    private val loading = Loading(File(context.filesDir, "graphs"), crashes)
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

    /** Open the zip that was opened last, or the bundle that the app brings. */
    fun openFirst(failed: (Throwable) -> Unit) {
        val name = remembered.zip
        if (name != null && zip.exists()) load(failed) { name to Bundle.open(ZipSource(zip)) }
        else load(failed) { BROUGHT to Bundle.open(AssetSource(context.assets)) }
    }

    /** Open a zip that a person chose, now and whenever the app starts. Where that fails, what was open stays so. */
    fun openZip(chosen: Uri, failed: (Throwable) -> Unit) {
        val copy = File(context.filesDir, "bundle.zip.part")
        load(failed, done = {
            copy.renameTo(zip)
            remembered.zip = it.name
        }) {
            context.contentResolver.copyZip(chosen, copy)
            context.contentResolver.nameOf(chosen) to Bundle.open(ZipSource(copy))
        }
    }

    /** Load the bundle that is open to be run otherwise, and keep these settings if that succeeds. */
    fun configure(settings: Settings, failed: (Throwable) -> Unit) {
        val now = opened ?: return
        load(failed, settings, done = { keep(settings) }) { now.name to now.bundle }
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
        }
    }

    /** Why nothing else can be begun now, in one sentence; null if it can. */
    fun busy(): String? = occupied?.let { "$it is running: stop it, or wait for its end." }

    private fun load(
        failed: (Throwable) -> Unit,
        settings: Settings = this.settings,
        done: (Opened) -> Unit = {},
        named: () -> Pair<String, Bundle>,
    ) {
        busy()?.let { return failed(Occupied(it)) }
        opening = true
        tell()
        thread.ask({ named().let { (name, bundle) -> loading.load(name, bundle, settings) } }) { result ->
            opening = false
            result.onSuccess {
                val before = opened
                opened = it
                done(it)
                if (before != null) thread.execute(before.session::close)
            }
            tell()
            result.onFailure(failed)
        }
    }

    private fun tell() = listeners.toList().forEach { it() }

    private companion object {
        /** The bundle that the app brings */
        const val BROUGHT = "vitexport"
    }
}
