package dev.vitexport.app.settings

import android.content.SharedPreferences
import dev.vitexport.core.settings.KeyValues

/** Preferences that the system writes to the disk by and by: the main thread, which sets them, does not wait for it. */
class PreferencesKeyValues(private val kept: SharedPreferences) : KeyValues {
    override fun get(key: String): String? = kept.getString(key, null)

    override fun set(key: String, value: String?) = kept.edit().putString(key, value).apply()
}

/** Preferences that are on the disk when `set` returns: what ends the app leaves no time for more. */
class WrittenKeyValues(private val kept: SharedPreferences) : KeyValues {
    override fun get(key: String): String? = kept.getString(key, null)

    override fun set(key: String, value: String?) {
        kept.edit().putString(key, value).commit()
    }
}
