/** A file that a person chose with the system's file picker, as a file of the app's own. */
package dev.vitexport.app.bundle

import android.content.ContentResolver
import android.net.Uri
import android.provider.OpenableColumns
import dev.vitexport.core.bundle.SourceException
import java.io.File
import java.io.IOException

/** Zips are read at any place, which what the picker gives cannot always be: [into] is a copy, of at most [most] bytes. */
fun ContentResolver.copyOf(chosen: Uri, into: File, most: Long) {
    try {
        val from = openInputStream(chosen) ?: throw IOException("it gives no content")
        from.use { input ->
            into.outputStream().use { output ->
                val chunk = ByteArray(CHUNK)
                var bytes = 0L
                while (true) {
                    val count = input.read(chunk)
                    if (count < 0) break
                    bytes += count
                    if (bytes > most) throw SourceException("${nameOf(chosen)} has more than $most bytes; choose a smaller one.")
                    output.write(chunk, 0, count)
                }
            }
        }
    } catch (error: IOException) {
        throw unreadable(chosen, error)
    } catch (error: SecurityException) {
        throw unreadable(chosen, error)
    }
}

/** What people call it, without the end of its name */
fun ContentResolver.nameOf(chosen: Uri): String {
    val name = query(chosen, arrayOf(OpenableColumns.DISPLAY_NAME), null, null, null)?.use {
        if (it.moveToFirst()) it.getString(0) else null
    }
    return (name ?: chosen.lastPathSegment.orEmpty()).substringBeforeLast('.')
}

private const val CHUNK = 1 shl 16

private fun unreadable(chosen: Uri, error: Exception) =
    SourceException("${chosen.lastPathSegment} cannot be read (${error.message}): choose it again.")
