/** What the app has to say, one sentence each, beside the picture and not on it. */
package dev.vitexport.app.ui

import android.view.LayoutInflater
import android.view.View
import android.view.ViewGroup
import android.widget.TextView
import dev.vitexport.app.R

/** More than these nobody reads: the oldest goes. */
private const val MOST = 2

class Notices(private val list: ViewGroup) {

    /** The same twice is said once, and anew. */
    fun say(sentence: String) {
        val same = (0 until list.childCount).map(list::getChildAt).firstOrNull { sentenceOf(it).text == sentence }
        if (same != null) list.removeView(same)
        val notice = LayoutInflater.from(list.context).inflate(R.layout.notice, list, false)
        sentenceOf(notice).text = sentence
        notice.findViewById<View>(R.id.dismiss).setOnClickListener { list.removeView(notice) }
        list.addView(notice)
        while (list.childCount > MOST) list.removeViewAt(0)
    }

    private fun sentenceOf(notice: View): TextView = notice.findViewById(R.id.sentence)
}
