/** A file that a person chose with the system's picker, as a file of the app's own. */
package dev.vitexport.app.bundle

import android.content.ContentResolver
import android.content.Context
import android.net.Uri
import android.provider.OpenableColumns
import dev.vitexport.app.R
import dev.vitexport.core.bundle.BundleException
import dev.vitexport.core.bundle.copyAtMost
import java.io.File
import java.io.IOException

/** Of a zip: the largest graphs have 0.3 GB, and a phone's storage is no desktop's. */
private const val ZIP_BYTES = 2L shl 30

/** A copy of it, since zips are read at any place, and what the picker gives cannot be. Throws [BundleException]. */
fun Context.copyZip(chosen: Uri, into: File) {
    try {
        val from = contentResolver.openInputStream(chosen) ?: throw IOException(getString(R.string.no_content))
        val whole = from.use { input -> into.outputStream().use { output -> input.copyAtMost(ZIP_BYTES, output) } }
        if (!whole) throw BundleException(getString(R.string.zip_too_large, ZIP_BYTES))
    } catch (error: IOException) {
        throw unreadable(error)
    } catch (error: SecurityException) {
        throw unreadable(error)
    }
}

/** What people call it, without the end of its name */
fun ContentResolver.nameOf(chosen: Uri): String {
    val name = query(chosen, arrayOf(OpenableColumns.DISPLAY_NAME), null, null, null)?.use {
        if (it.moveToFirst()) it.getString(0) else null
    }
    return (name ?: chosen.lastPathSegment.orEmpty()).substringBeforeLast('.')
}

private fun Context.unreadable(error: Exception) =
    BundleException(getString(R.string.zip_unreadable, error.message ?: error.javaClass.simpleName))
