/** Where the app remembers what ended it: written to the disk before it goes on, as it may not go on for long. */
package dev.vitexport.app.settings

import android.content.SharedPreferences
import dev.vitexport.core.crash.CrashStorage

class PreferencesStorage(private val kept: SharedPreferences) : CrashStorage {
    override fun get(name: String): String? = kept.getString(name, null)

    override fun set(name: String, value: String) {
        kept.edit().putString(name, value).commit()
    }

    override fun remove(name: String) {
        kept.edit().remove(name).commit()
    }
}
