package dev.vitexport.core.settings

private const val LOADING = "loading"
private const val CRASHED = "crashed"

/** More bundles and ways to run them than anybody tries; what crashed longest ago goes. */
private const val MOST = 50

/**
 * What ended the app while it was loaded: the next start does not load that by default again. What is set in `kept` has
 * to be on the disk when that returns.
 */
class CrashMemory(private val kept: KeyValues) {
    init {
        kept[LOADING]?.let { unfinished -> keep(crashed() - unfinished + unfinished) }
        finished()
    }

    /** `what`, in one line, is about to be loaded. */
    fun begun(what: String) {
        kept[LOADING] = what
    }

    /** What was begun came to its end, whatever that was. */
    fun finished() {
        kept[LOADING] = null
    }

    operator fun contains(what: String): Boolean = what in crashed()

    /** `what` was loaded after all. */
    fun forget(what: String) {
        if (what in this) keep(crashed() - what)
    }

    private fun crashed(): List<String> = kept[CRASHED]?.split('\n')?.filter(String::isNotEmpty).orEmpty()

    private fun keep(crashed: List<String>) {
        kept[CRASHED] = crashed.takeLast(MOST).joinToString("\n")
    }
}
