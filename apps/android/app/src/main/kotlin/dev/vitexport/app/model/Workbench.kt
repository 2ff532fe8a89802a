/** What is open, for all screens: a bundle, and how its graphs are run. It belongs to the main thread. */
package dev.vitexport.app.model

import android.content.Context
import android.net.Uri
import dev.vitexport.app.bundle.AssetSource
import dev.vitexport.app.bundle.GraphFiles
import dev.vitexport.app.bundle.copyOf
import dev.vitexport.app.bundle.nameOf
import dev.vitexport.app.settings.Settings
import dev.vitexport.core.bundle.Bundle
import dev.vitexport.core.bundle.ZIP_BYTES
import dev.vitexport.core.bundle.ZipSource
import dev.vitexport.core.bundle.openBundle
import dev.vitexport.core.crash.CrashMemory
import java.io.File

class Workbench(private val context: Context, val settings: Settings, crashes: CrashMemory) {
    val thread = ModelThread()
    private val loader = Loading(GraphFiles(File(context.filesDir, "graphs")), crashes)
    private val zip = File(context.filesDir, "bundle.zip")
    private val listeners = mutableListOf<() -> Unit>()

    /** Null while nothing is open */
    var opened: Opened? = null
        private set

    /** What is being opened, by its name; null if nothing */
    var opening: String? = null
        private set

    /** What has the model for itself, as the subject of a sentence; null if nothing */
    var occupied: String? = null
        private set

    /** Call `listener` whenever another bundle or configuration is open or being opened. */
    fun onChange(listener: () -> Unit) {
        listeners += listener
    }

    fun noLonger(listener: () -> Unit) {
        listeners -= listener
    }

    /** Open the zip that was opened last, or the bundle that the app brings. */
    fun openFirst(failed: (Throwable) -> Unit) {
        val name = settings.bundle
        if (name != null && zip.exists()) load(name, failed) { openBundle(ZipSource(zip)) }
        else load(BROUGHT, failed) { openBundle(AssetSource.open(context.assets)) }
    }

    /** Open a zip that a person chose, now and whenever the app starts. Where that fails, what was open stays so. */
    fun openZip(chosen: Uri, failed: (Throwable) -> Unit) {
        val name = context.contentResolver.nameOf(chosen)
        val copy = File(context.filesDir, "bundle.zip.part")
        load(name, failed, opened = {
            copy.renameTo(zip)
            settings.bundle = name
        }) {
            context.contentResolver.copyOf(chosen, copy, ZIP_BYTES)
            openBundle(ZipSource(copy))
        }
    }

    /** Load the bundle that is open to be run otherwise, now and whenever the app starts. */
    fun configure(way: String?, threads: Int?, failed: (Throwable) -> Unit) {
        val now = opened ?: return
        load(now.name, failed, Wanted(way, threads), opened = {
            settings.way = way
            settings.threads = threads
        }) { now.bundle }
    }

    /** Have the model for something that takes long. [who] is the subject of a sentence: "The benchmark". */
    fun <T> occupy(who: String, work: (Say) -> T, said: (Double, String) -> Unit, answered: (Result<T>) -> Unit) {
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
        name: String,
        failed: (Throwable) -> Unit,
        wanted: Wanted = Wanted(settings.way, settings.threads),
        opened: () -> Unit = {},
        bundle: () -> Bundle,
    ) {
        busy()?.let { return failed(Occupied(it)) }
        opening = name
        listeners.toList().forEach { it() }
        thread.ask({ loader.load(name, bundle(), wanted) }) { result ->
            opening = null
            result.onSuccess {
                val before = this.opened
                this.opened = it
                opened()
                if (before != null) thread.execute(before.session::close)
            }
            listeners.toList().forEach { it() }
            result.onFailure(failed)
        }
    }

    private companion object {
        const val BROUGHT = "vitexport"
    }
}

/** Something else has the model, in one sentence. */
class Occupied(message: String) : Exception(message)
