package dev.vitexport.core.settings

import dev.vitexport.core.bundle.Configuration
import dev.vitexport.core.bundle.MOST_THREADS
import kotlinx.serialization.Serializable
import kotlinx.serialization.json.Json

/** What a person chose. */
@Serializable
data class Settings(
    /** By the SHA-256 of a bundle's manifest; where a bundle has none, the best that it has is taken */
    val configurations: Map<String, Configuration> = emptyMap(),
    val threads: Int = MOST_THREADS,
    /** Whether graphs may run on the GPU */
    val gpu: Boolean = false,
    /** Of masks over the picture, 0 to 1 */
    val overlayOpacity: Float = 0.5f,
) {
    init {
        require(threads in 1..MOST_THREADS) { "Graphs run with 1 to $MOST_THREADS threads, and not with $threads." }
        require(overlayOpacity in 0f..1f) { "An opacity is from 0 to 1, and not $overlayOpacity." }
    }
}

private const val KEY = "settings"
private val JSON = Json { ignoreUnknownKeys = true }

/** Keeps settings; those that cannot be read, as of another version of the app, are the first ones again. */
class SettingsStore(private val kept: KeyValues) {
    var settings: Settings
        get() = try {
            kept[KEY]?.let { JSON.decodeFromString<Settings>(it) } ?: Settings()
        } catch (_: IllegalArgumentException) {
            Settings()
        }
        set(value) {
            kept[KEY] = JSON.encodeToString(value)
        }
}
