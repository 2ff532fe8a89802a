package dev.vitexport.core.settings

import kotlinx.serialization.json.Json

private const val MEASURED = "measured"

/** More bundles and ways to run them than anybody measures; what was measured longest ago goes. */
private const val MOST = 50

/** What a frame took on this device, in ms, by what it was measured with. */
class MeasuredWays(private val kept: KeyValues) {
    operator fun get(what: String): Double? = all()[what]

    operator fun set(what: String, ms: Double) {
        val entries = (all() - what + (what to ms)).entries.toList().takeLast(MOST)
        kept[MEASURED] = Json.encodeToString(entries.associate { it.key to it.value })
    }

    /** Those that cannot be read, as of another version of the app, are none. */
    private fun all(): Map<String, Double> = try {
        kept[MEASURED]?.let { Json.decodeFromString(it) } ?: emptyMap()
    } catch (_: IllegalArgumentException) {
        emptyMap()
    }
}
