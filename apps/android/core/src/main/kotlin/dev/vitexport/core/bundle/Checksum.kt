/** SHA-256 as `sha256sum` writes it. */
package dev.vitexport.core.bundle

import java.io.File
import java.io.OutputStream
import java.security.DigestInputStream
import java.security.DigestOutputStream
import java.security.MessageDigest

/** Of `bytes`, in hexadecimal */
fun sha256(bytes: ByteArray): String = hexadecimal(newDigest().digest(bytes))

/** Of a file, in hexadecimal */
internal fun sha256(file: File): String {
    val digest = newDigest()
    DigestInputStream(file.inputStream(), digest).use { stream ->
        val chunk = ByteArray(CHUNK)
        do {
            val count = stream.read(chunk)
        } while (count >= 0)
    }
    return hexadecimal(digest.digest())
}

/** Of what `write` gives to a stream on its way to `to`, which is closed; in hexadecimal */
internal fun sha256(to: OutputStream, write: (OutputStream) -> Unit): String {
    val digest = newDigest()
    DigestOutputStream(to, digest).use(write)
    return hexadecimal(digest.digest())
}

private fun newDigest() = MessageDigest.getInstance("SHA-256")

private fun hexadecimal(digest: ByteArray) =
    digest.joinToString("") { (it.toInt() and 0xff).toString(16).padStart(2, '0') }
