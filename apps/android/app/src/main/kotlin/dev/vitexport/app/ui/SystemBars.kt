/** The app is drawn to the edges of the screen from Android 11 on; before, the system keeps it off its bars itself. */
package dev.vitexport.app.ui

import android.app.Activity
import android.os.Build
import android.view.View
import android.view.WindowInsets

/** Keeps [content] off the bars, the cut-out and the keyboard. */
fun Activity.keepOffSystemBars(content: View) {
    if (Build.VERSION.SDK_INT < Build.VERSION_CODES.R) return
    window.setDecorFitsSystemWindows(false)
    content.setOnApplyWindowInsetsListener { view, insets ->
        val taken = WindowInsets.Type.systemBars() or WindowInsets.Type.displayCutout() or WindowInsets.Type.ime()
        val edges = insets.getInsets(taken)
        view.setPadding(edges.left, edges.top, edges.right, edges.bottom)
        WindowInsets.CONSUMED
    }
}
