/** What is behind a tab. */
package dev.vitexport.app.ui

import android.content.Intent
import android.view.View

interface Screen {
    val view: View

    /** It comes into view, with the app or within it. */
    fun shown() = Unit

    /** It goes out of view: nothing goes on there that a person would want to see. */
    fun hidden() = Unit

    /** The activity is gone for good. */
    fun release() = Unit
}

/** What screens ask the system for through the activity: all of it is answered later, on the main thread. */
interface Asking {
    /** Whether the app may use the camera, having asked the person if need be. */
    fun camera(answered: (Boolean) -> Unit)

    /**
     * Hear what the person chose in an activity of the system's, null where they took none of its choices. This is said
     * while screens are made: by the time of the answer, the activity that asked may have been replaced by a new one.
     */
    fun onAnswer(request: Request, answered: (Intent?) -> Unit)

    /** Starts an activity of the system's. */
    fun ask(request: Request, intent: Intent)
}

/** What a person chooses in an activity of the system's */
enum class Request { BUNDLE, PACK, PLACE_OF_BENCHMARK, PLACE_OF_KERNELS }
