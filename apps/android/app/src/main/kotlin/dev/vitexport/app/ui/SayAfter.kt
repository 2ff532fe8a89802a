/** What takes its time has a thread of its own, as the model has nothing to do with it, and what came of it is said. */
package dev.vitexport.app.ui

import android.os.Handler
import android.os.Looper

private val main = Handler(Looper.getMainLooper())

/** `act` says what came of it, and does not throw. */
fun Notices.sayAfter(act: () -> String) {
    Thread {
        val sentence = act()
        main.post { say(sentence) } // the view's own queue waits where the view is gone
    }.start()
}
