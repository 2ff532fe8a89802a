package dev.vitexport.core.bundle

import java.io.ByteArrayOutputStream
import java.io.File
import java.io.InputStream
import java.io.OutputStream

/** Where the files of a bundle or a kernel pack come from: a folder, a zip, the assets of the app. */
fun interface BundleSource : AutoCloseable {
    /** The file at a path within the source; the caller closes it. Null where there is none. */
    fun open(path: String): InputStream?

    /** Only a zip is held open. */
    override fun close() = Unit
}

/** A folder of the device. */
class FolderSource(private val folder: File) : BundleSource {
    override fun open(path: String): InputStream? = File(folder, path).takeIf(File::isFile)?.inputStream()
}

/**
 * All of a file, at most `most` bytes, which are counted as they come: what a source says of a size may be a lie.
 * Throws [BundleException] for a larger file and for one that is missing, and `IOException` where reading fails.
 */
fun BundleSource.read(path: String, most: Long): ByteArray =
    ByteArrayOutputStream().also { copy(path, most, it) }.toByteArray()

/** The same into a stream, which has at most `most` bytes then. */
internal fun BundleSource.copy(path: String, most: Long, to: OutputStream) {
    val file = open(path) ?: throw BundleException("What was chosen lacks $path; choose one that is whole.")
    file.use {
        if (!it.copyAtMost(most, to)) {
            throw BundleException(
                "$path has more than the $most bytes that it may have; choose one that was not altered.",
            )
        }
    }
}
