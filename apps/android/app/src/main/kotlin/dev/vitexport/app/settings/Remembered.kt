package dev.vitexport.app.settings

import dev.vitexport.app.camera.Facing
import dev.vitexport.core.settings.KeyValues

/** What a person did last, beside what they chose of how graphs are run. */
class Remembered(private val kept: KeyValues) {
    var facing: Facing
        get() = Facing.entries.find { it.name == kept[FACING] } ?: Facing.AWAY
        set(value) {
            kept[FACING] = value.name
        }

    /** Where a result was sent; empty where none was */
    var address: String
        get() = kept[ADDRESS].orEmpty()
        set(value) {
            kept[ADDRESS] = value
        }

    /** What the zip that was opened is called; null for the bundle that the app brings */
    var zip: String?
        get() = kept[ZIP]
        set(value) {
            kept[ZIP] = value
        }

    private companion object {
        const val FACING = "facing"
        const val ADDRESS = "address"
        const val ZIP = "zip"
    }
}
