/** The back gesture: from any other screen to the picture, and from there out of the app. */
package dev.vitexport.app.ui

import android.annotation.TargetApi
import android.app.Activity
import android.os.Build
import android.window.OnBackInvokedCallback
import android.window.OnBackInvokedDispatcher

/** From Android 13 on the system asks beforehand who wants the gesture; before, `onBackPressed` hears of it. */
class BackToTrack(activity: Activity, back: () -> Unit) {
    private val asked = if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU) AskedBefore(activity, back) else null

    /** Whether the gesture is the app's */
    var wanted = false
        set(value) {
            if (field != value) asked?.want(value)
            field = value
        }
}

@TargetApi(33)
private class AskedBefore(private val activity: Activity, back: () -> Unit) {
    private val callback = OnBackInvokedCallback { back() }

    fun want(wanted: Boolean) {
        val dispatcher = activity.onBackInvokedDispatcher
        if (wanted) dispatcher.registerOnBackInvokedCallback(OnBackInvokedDispatcher.PRIORITY_DEFAULT, callback)
        else dispatcher.unregisterOnBackInvokedCallback(callback)
    }
}
