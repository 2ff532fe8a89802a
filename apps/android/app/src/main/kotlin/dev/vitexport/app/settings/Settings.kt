/** What a person chose, for as long as the app is installed. */
package dev.vitexport.app.settings

import android.content.SharedPreferences
import dev.vitexport.app.camera.Facing

class Settings(private val kept: SharedPreferences) {
    /** How graphs are run, by its name; null for the default */
    var way: String?
        get() = kept.getString(WAY, null)
        set(value) = kept.edit().putString(WAY, value).apply()

    /** On the CPU; null for the default */
    var threads: Int?
        get() = kept.getInt(THREADS, 0).takeIf { it > 0 }
        set(value) = kept.edit().putInt(THREADS, value ?: 0).apply()

    /** Of the inside of a mask, 0 to 1 */
    var opacity: Float
        get() = kept.getFloat(OPACITY, 0.38f)
        set(value) = kept.edit().putFloat(OPACITY, value).apply()

    var facing: Facing
        get() = Facing.entries[kept.getInt(FACING, Facing.AWAY.ordinal)]
        set(value) = kept.edit().putInt(FACING, value.ordinal).apply()

    /** Where results were sent last; empty where none was */
    var address: String
        get() = kept.getString(ADDRESS, null).orEmpty()
        set(value) = kept.edit().putString(ADDRESS, value).apply()

    /** The zip that was opened last, as the system names it; null for the bundle that the app brings */
    var bundle: String?
        get() = kept.getString(BUNDLE, null)
        set(value) = kept.edit().putString(BUNDLE, value).apply()

    private companion object {
        const val WAY = "way"
        const val THREADS = "threads"
        const val OPACITY = "opacity"
        const val FACING = "facing"
        const val ADDRESS = "address"
        const val BUNDLE = "bundle"
    }
}
