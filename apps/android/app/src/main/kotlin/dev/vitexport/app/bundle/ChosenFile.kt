/** A file that a person chose with the system's picker, as a file of the app's own. */
package dev.vitexport.app.bundle

import android.content.ContentResolver
import android.net.Uri
import android.provider.OpenableColumns
import dev.vitexport.core.bundle.BundleException
import dev.vitexport.core.bundle.copyAtMost
import java.io.File
import java.io.IOException

/** Of a zip: the largest graphs have 0.3 GB, and a phone's storage is no desktop's. */
private const val ZIP_BYTES = 2L shl 30

/** A copy of it, since zips are read at any place, and what the picker gives cannot be. Throws [BundleException]. */
fun ContentResolver.copyZip(chosen: Uri, into: File) {
    try {
        val from = openInputStream(chosen) ?: throw IOException("it gives no content")
        val whole = from.use { input -> into.outputStream().use { output -> input.copyAtMost(ZIP_BYTES, output) } }
        if (!whole) {
            throw BundleException("The file has more than $ZIP_BYTES bytes, which no phone holds; choose a smaller one.")
        }
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

private fun unreadable(error: Exception) =
    BundleException("The file cannot be read (${error.message}): choose it again.")
