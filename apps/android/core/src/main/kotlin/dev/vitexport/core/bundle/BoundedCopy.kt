package dev.vitexport.core.bundle

import java.io.InputStream
import java.io.OutputStream

/** Bytes that are read at once */
internal const val CHUNK = 1 shl 16

/** Copies what there is, at most `most` bytes, which are counted as they come; false where there are more. */
fun InputStream.copyAtMost(most: Long, to: OutputStream): Boolean {
    val chunk = ByteArray(CHUNK)
    var bytes = 0L
    while (true) {
        val count = read(chunk)
        if (count < 0) return true
        bytes += count
        if (bytes > most) return false
        to.write(chunk, 0, count)
    }
}
