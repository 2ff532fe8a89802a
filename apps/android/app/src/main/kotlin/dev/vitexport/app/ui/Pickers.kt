/** What the system's file picker is asked for. */
package dev.vitexport.app.ui

import android.content.Intent

/** Programs do not agree on what kind of file a zip is. */
private val ZIPS = arrayOf("application/zip", "application/x-zip-compressed", "application/octet-stream")

fun zipPicker(): Intent = Intent(Intent.ACTION_OPEN_DOCUMENT)
    .addCategory(Intent.CATEGORY_OPENABLE)
    .setType("*/*")
    .putExtra(Intent.EXTRA_MIME_TYPES, ZIPS)

/** A place for a JSON file that is called [name] unless the person calls it otherwise */
fun placePicker(name: String): Intent = Intent(Intent.ACTION_CREATE_DOCUMENT)
    .addCategory(Intent.CATEGORY_OPENABLE)
    .setType("application/json")
    .putExtra(Intent.EXTRA_TITLE, name)
