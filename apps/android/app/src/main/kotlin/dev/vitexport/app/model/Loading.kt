/** Loads a bundle's graphs as a person wants them, or as is best here; on the model's thread. */
package dev.vitexport.app.model

import dev.vitexport.app.bundle.GraphFiles
import dev.vitexport.core.bundle.Bundle
import dev.vitexport.core.bundle.Choice
import dev.vitexport.core.bundle.Configuration
import dev.vitexport.core.bundle.configurationsOf
import dev.vitexport.core.crash.CrashMemory
import dev.vitexport.core.runners.ComputeUnit
import dev.vitexport.core.runners.RunnerException

/** A bundle whose graphs are loaded. */
class Opened(val name: String, val choice: Choice, val session: Session) {
    val bundle: Bundle get() = session.bundle
    val configuration: Configuration get() = session.configuration
}

/** How a person wants graphs to be run: what they left open is null. */
class Wanted(val way: String?, val threads: Int?)

class Loading(private val files: GraphFiles, private val crashes: CrashMemory) {

    /** Throws what reading and loading throw. */
    fun load(name: String, bundle: Bundle, wanted: Wanted): Opened {
        val choice = configurationsOf(bundle.manifest, Runtime.getRuntime().availableProcessors())
        val chosen = choice.configurations.find { wayName(it) == wanted.way }
        val ways = if (chosen != null) listOf(chosen) else byDefault(bundle, choice.configurations)
        val session = loadFirst(bundle, ways.map { it.withThreads(wanted.threads) })
        files.keepOnly(bundle)
        return Opened(name, choice, session)
    }

    /** The best first, but those last that ended the app while they were loaded. */
    private fun byDefault(bundle: Bundle, ways: List<Configuration>): List<Configuration> {
        val (crashed, others) = ways.partition { crashes.has(idOf(bundle, it)) }
        return others + crashed
    }

    /** The first; where that is on a GPU, which may lack anything, and does not load, the next. */
    private fun loadFirst(bundle: Bundle, ways: List<Configuration>): Session {
        val way = ways.first()
        val id = idOf(bundle, way)
        crashes.begun(id)
        try {
            return Session.load(bundle, way, files).also { crashes.forget(id) }
        } catch (error: RunnerException) {
            if (way.unit != ComputeUnit.GPU || ways.size == 1) throw error
        } finally {
            crashes.finished()
        }
        return loadFirst(bundle, ways.drop(1))
    }

    private fun Configuration.withThreads(threads: Int?): Configuration =
        if (threads == null || unit == ComputeUnit.GPU) this else copy(threads = threads)

    /** One way to run one bundle */
    private fun idOf(bundle: Bundle, way: Configuration) = "${bundle.manifestSha256} ${wayName(way)} ${way.threads}"
}
