/** Loads a bundle's graphs as a person wants them, or as is best here; on the model's thread. */
package dev.vitexport.app.model

import android.content.Context
import dev.vitexport.app.R
import dev.vitexport.app.runners.runtimeOf
import dev.vitexport.core.benchmark.BenchmarkResult
import dev.vitexport.core.bundle.Bundle
import dev.vitexport.core.bundle.BundleException
import dev.vitexport.core.bundle.Choice
import dev.vitexport.core.bundle.Configuration
import dev.vitexport.core.bundle.Processors
import dev.vitexport.core.bundle.byDefault
import dev.vitexport.core.bundle.configurationsOf
import dev.vitexport.core.runners.GraphLoader
import dev.vitexport.core.runners.loadGraphs
import dev.vitexport.core.settings.CrashMemory
import dev.vitexport.core.settings.KeyValues
import dev.vitexport.core.settings.MeasuredWays
import dev.vitexport.core.settings.Settings
import java.io.File

/** A bundle whose graphs are loaded. */
class Opened(val name: String, val choice: Choice, val session: Session) : AutoCloseable {
    val bundle: Bundle get() = session.bundle
    val configuration: Configuration get() = session.configuration

    /** What is open now has other graphs, and mostly the same bundle. */
    fun giveWayTo(next: Opened) {
        session.close()
        if (next.bundle !== bundle) bundle.close()
    }

    override fun close() {
        session.close()
        bundle.close()
    }
}

/** Graphs come to lie in [folder], where runtimes map them into memory. */
class Loading(private val context: Context, private val folder: File, kept: KeyValues) {
    private val crashes by lazy { CrashMemory(kept) } // it writes to the disk, so it is made on the model's thread too
    private val measured = MeasuredWays(kept)

    /**
     * [asked] says whether a person wants this bundle now, and [chosen] which way: then it is loaded even if that ended
     * the app before. Throws what reading and loading throw.
     */
    fun load(
        name: String, bundle: Bundle, settings: Settings, asked: Boolean, chosen: Configuration? = null,
    ): Opened {
        val crashed = { way: Configuration -> idOf(bundle, way) in crashes }
        val took = { way: Configuration -> measured[idOf(bundle, way)] }
        val choice = configurationsOf(bundle.manifest, processors(settings), took, crashed)
        val kept = settings.configurations[bundle.manifestSha256]
        val way = chosen
            ?: byDefault(choice.configurations, kept, crashed)
            ?: choice.configurations.first().takeIf { asked }
            ?: throw BundleException(context.getString(R.string.crashed))
        val id = idOf(bundle, way)
        val loader = runtimeOf(way).loader
        // All files are there by the first load: an app that was ended while it copied them did not crash.
        val remembering = GraphLoader { file, inputs, outputs, options ->
            crashes.begun(id)
            loader.load(file, inputs, outputs, options)
        }
        try {
            val session = Session(bundle, way, loadGraphs(bundle, way, remembering, folder))
            crashes.forget(id)
            keepOnly(bundle)
            return Opened(name, choice, session)
        } finally {
            crashes.finished()
        }
    }

    /** What a benchmark found counts the next time that a bundle is loaded. */
    fun measured(bundle: Bundle, result: BenchmarkResult) {
        if (result.counts) measured[idOf(bundle, result.configuration)] = result.frame.p50
    }

    private fun processors(settings: Settings) =
        Processors(settings.gpu, minOf(settings.threads, Runtime.getRuntime().availableProcessors()))

    /** Graphs of another bundle go: a phone has no room for those of before. */
    private fun keepOnly(bundle: Bundle) {
        val wanted = bundle.manifest.files.map { it.sha256 }.toSet()
        folder.listFiles().orEmpty().filter { it.name.substringBefore('.') !in wanted }.forEach(File::delete)
    }

    /** One way to run one bundle */
    private fun idOf(bundle: Bundle, way: Configuration) = "${bundle.manifestSha256} ${wayName(way)}"
}
