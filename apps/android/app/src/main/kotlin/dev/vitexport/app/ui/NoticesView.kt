/** Shows what the app has to say, beside the picture and not on it. */
package dev.vitexport.app.ui

import android.view.LayoutInflater
import android.view.View
import android.view.ViewGroup
import android.widget.TextView
import dev.vitexport.app.R

/** More than these nobody reads at once: older ones are seen when newer ones are dismissed. */
private const val MOST = 2

class NoticesView(private val list: ViewGroup, private val notices: Notices) {
    private val changed = { update() }

    init {
        notices.onChange(changed)
        update()
    }

    fun release() = notices.noLonger(changed)

    private fun update() {
        list.removeAllViews()
        for (sentence in notices.list.takeLast(MOST)) {
            val notice = LayoutInflater.from(list.context).inflate(R.layout.notice, list, false)
            notice.findViewById<TextView>(R.id.sentence).text = sentence
            notice.findViewById<View>(R.id.dismiss).setOnClickListener { notices.dismiss(sentence) }
            list.addView(notice)
        }
    }
}
