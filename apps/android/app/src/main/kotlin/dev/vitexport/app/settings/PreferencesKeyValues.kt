package dev.vitexport.app.settings

import android.content.SharedPreferences
import dev.vitexport.core.settings.KeyValues

/** Preferences that are on the disk when `set` returns: what ends the app leaves no time for more. */
class PreferencesKeyValues(private val kept: SharedPreferences) : KeyValues {
    override fun get(key: String): String? = kept.getString(key, null)

    override fun set(key: String, value: String?) {
        kept.edit().putString(key, value).commit()
    }
}
