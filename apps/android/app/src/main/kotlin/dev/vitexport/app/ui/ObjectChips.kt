/** The objects in a row: which is which colour, how each fares, and buttons that select and delete. */
package dev.vitexport.app.ui

import android.content.res.ColorStateList
import android.view.LayoutInflater
import android.view.View
import android.view.ViewGroup
import android.widget.Button
import android.widget.TextView
import dev.vitexport.app.R
import dev.vitexport.app.following.SharedObjects
import dev.vitexport.app.overlay.ObjectColour
import dev.vitexport.core.following.FollowedObject
import dev.vitexport.core.tracker.ObjectStatus

private val STATES = mapOf(
    null to R.string.waiting,
    ObjectStatus.PROMPTED to R.string.found,
    ObjectStatus.TRACKING to R.string.tracking,
    ObjectStatus.LOST to R.string.lost,
)

/** [news] says to ears which objects were lost and found; [delete] is called with the object to be forgotten. */
class ObjectChips(
    private val row: ViewGroup,
    private val news: TextView,
    private val objects: SharedObjects,
    private val delete: (Int) -> Unit,
) {
    private val inflater = LayoutInflater.from(row.context)
    private val chips = mutableMapOf<Int, View>()
    private val statuses = mutableMapOf<Int, ObjectStatus?>()
    private val another: View = inflater.inflate(R.layout.chip_new, row, false).also {
        it.setOnClickListener { objects.select(null) }
        row.addView(it)
    }

    /** Show the objects as they are now. Views stay, so that the focus does. */
    fun update() {
        val list = objects.list
        val selected = objects.selected
        for (id in chips.keys - list.map { it.id }.toSet()) {
            row.removeView(chips.remove(id))
            statuses -= id
        }
        for (one in list) show(one, chips.getOrPut(one.id) { made(one.id) }, one.id == selected)
        another.visibility = if (list.isEmpty()) View.GONE else View.VISIBLE
        another.isSelected = selected == null
    }

    private fun show(one: FollowedObject, chip: View, selected: Boolean) {
        val state = row.context.getString(STATES.getValue(one.status))
        val text = row.context.getString(R.string.chip, one.id, state)
        val select: Button = chip.findViewById(R.id.select)
        if (select.text.toString() != text) {
            select.text = text
            val colour = row.context.getString(ObjectColour.of(one.id).name)
            select.contentDescription = row.context.getString(R.string.chip_described, one.id, colour, state)
        }
        select.isSelected = selected
        chip.alpha = if (selected) 1f else UNSELECTED
        val before = statuses.put(one.id, one.status)
        if (before != one.status && ObjectStatus.LOST in listOf(before, one.status)) news.text = text
    }

    private fun made(id: Int): View {
        val chip = inflater.inflate(R.layout.chip, row, false)
        val select: Button = chip.findViewById(R.id.select)
        select.setOnClickListener { objects.select(id) }
        chip.backgroundTintList = ColorStateList.valueOf(ObjectColour.of(id).argb and 0xffffff or TINT)
        val remove: View = chip.findViewById(R.id.delete)
        remove.contentDescription = row.context.getString(R.string.delete_object, id)
        remove.setOnClickListener { delete(id) }
        row.addView(chip, row.childCount - 1)
        return chip
    }

    private companion object {
        const val UNSELECTED = 0.7f
        const val TINT = 0x66000000
    }
}
