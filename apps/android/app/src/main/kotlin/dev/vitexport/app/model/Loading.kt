/** Loads a bundle's graphs as a person wants them, or as is best here; on the model's thread. */
package dev.vitexport.app.model

import dev.vitexport.app.runners.runtimeOf
import dev.vitexport.core.bundle.Bundle
import dev.vitexport.core.bundle.Choice
import dev.vitexport.core.bundle.Configuration
import dev.vitexport.core.bundle.Processors
import dev.vitexport.core.bundle.configurationsOf
import dev.vitexport.core.runners.loadGraphs
import dev.vitexport.core.settings.CrashMemory
import dev.vitexport.core.settings.Settings
import java.io.File

/** A bundle whose graphs are loaded. */
class Opened(val name: String, val choice: Choice, val session: Session) {
    val bundle: Bundle get() = session.bundle
    val configuration: Configuration get() = session.configuration
}

/** Graphs come to lie in [folder], where runtimes map them into memory. */
class Loading(private val folder: File, private val crashes: CrashMemory) {

    /** Throws what reading and loading throw. */
    fun load(name: String, bundle: Bundle, settings: Settings): Opened {
        val choice = configurationsOf(bundle.manifest, processors(settings)) { idOf(bundle, it) in crashes }
        val wanted = settings.configurations[bundle.manifestSha256]?.let(::wayName)
        val way = choice.configurations.find { wayName(it) == wanted } ?: choice.configurations.first()
        val id = idOf(bundle, way)
        crashes.begun(id)
        try {
            val session = Session(bundle, way, loadGraphs(bundle, way, runtimeOf(way).loader, folder))
            crashes.forget(id)
            keepOnly(bundle)
            return Opened(name, choice, session)
        } finally {
            crashes.finished()
        }
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
