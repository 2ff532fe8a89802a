/** Loads a bundle's graphs as a person wants them, or as is best here; on the model's thread. */
package dev.vitexport.app.model

import dev.vitexport.app.runners.RUNTIMES
import dev.vitexport.core.CrashMemory
import dev.vitexport.core.bundle.Bundle
import dev.vitexport.core.bundle.Choice
import dev.vitexport.core.bundle.Configuration
import dev.vitexport.core.bundle.Processors
import dev.vitexport.core.bundle.configurationsOf
import dev.vitexport.core.runners.ComputeUnit
import dev.vitexport.core.runners.loadGraphs
import java.io.File

/** A bundle whose graphs are loaded. */
class Opened(val name: String, val choice: Choice, val session: Session) {
    val bundle: Bundle get() = session.bundle
    val configuration: Configuration get() = session.configuration
}

/** How a person wants graphs to be run: what they left open is null. */
class Wanted(val way: String?, val threads: Int?)

/** Graphs come to lie in [folder], where runtimes map them into memory. */
class Loading(private val folder: File, private val crashes: CrashMemory) {
    private val processors = Processors(gpu = true, cores = Runtime.getRuntime().availableProcessors())

    /** Throws what reading and loading throw. */
    fun load(name: String, bundle: Bundle, wanted: Wanted): Opened {
        val choice = configurationsOf(bundle.manifest, processors) { crashes.has(idOf(bundle, it)) }
        val way = choice.configurations.find { wayName(it) == wanted.way } ?: choice.configurations.first()
        val configuration =
            if (wanted.threads == null || way.unit == ComputeUnit.GPU) way else way.copy(threads = wanted.threads)
        val id = idOf(bundle, way)
        crashes.begun(id)
        try {
            val loader = RUNTIMES.getValue(way.format to way.unit).loader
            val session = Session(bundle, configuration, loadGraphs(bundle, configuration, loader, folder))
            crashes.forget(id)
            keepOnly(bundle)
            return Opened(name, choice, session)
        } finally {
            crashes.finished()
        }
    }

    /** Graphs of another bundle go: a phone has no room for those of before. */
    private fun keepOnly(bundle: Bundle) {
        val wanted = bundle.manifest.files.map { it.sha256 }.toSet()
        folder.listFiles().orEmpty().filter { it.name.substringBefore('.') !in wanted }.forEach(File::delete)
    }

    /** One way to run one bundle */
    private fun idOf(bundle: Bundle, way: Configuration) = "${bundle.manifestSha256} ${wayName(way)}"
}
