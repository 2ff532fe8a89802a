package dev.vitexport.core.settings

/** What outlives the process, such as Android's `SharedPreferences`. */
interface KeyValues {
    operator fun get(key: String): String?

    /** Null removes. */
    operator fun set(key: String, value: String?)
}
