package dev.vitexport.app.ui

/**
 * What the app has to say, one sentence each, until a person dismisses it. It outlives screens: what failed while none
 * was in view is seen on the next. It belongs to the main thread.
 */
class Notices {
    private val listeners = mutableListOf<() -> Unit>()

    /** The newest is the last. */
    var list: List<String> = emptyList()
        private set

    fun onChange(listener: () -> Unit) {
        listeners += listener
    }

    fun noLonger(listener: () -> Unit) {
        listeners -= listener
    }

    /** The same twice is said once, and anew. */
    fun say(words: String) = turnTo(list - words + words)

    fun dismiss(words: String) = turnTo(list - words)

    private fun turnTo(next: List<String>) {
        list = next
        listeners.toList().forEach { it() }
    }
}
