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

    /** With how many threads a kernel pack was run; null where none was */
    var packThreads: Int?
        get() = kept[PACK_THREADS]?.toIntOrNull()
        set(value) {
            kept[PACK_THREADS] = value?.toString()
        }

    /** What the person calls this device; null where they left its maker's name */
    var deviceName: String?
        get() = kept[DEVICE_NAME]
        set(value) {
            kept[DEVICE_NAME] = value
        }

    private companion object {
        const val PACK_THREADS = "pack_threads"
        const val DEVICE_NAME = "device_name"
        const val FACING = "facing"
        const val ADDRESS = "address"
        const val ZIP = "zip"
    }
}
