package dev.vitexport.core.bundle

import java.io.File
import java.io.IOException
import java.io.InputStream
import java.util.zip.ZipFile

/** A zip of a folder's files, or of the folder. Throws [BundleException] for what is no zip of a bundle. */
class ZipSource(file: File) : BundleSource {
    private val zip = try {
        ZipFile(file)
    } catch (error: IOException) {
        throw BundleException("${file.name} is no zip, or is damaged; choose the zip of a whole folder.")
    }

    /** What comes before the manifest's name, since whoever zips a folder gives its name with it */
    private val folder = zip.entries().asSequence().map { it.name }
        .filter { it == MANIFEST || it.endsWith("/$MANIFEST") }
        .minByOrNull { name -> name.count { it == '/' } }?.removeSuffix(MANIFEST)
        ?: throw BundleException("There is no $MANIFEST in ${file.name}; choose all of a bundle, or of a kernel pack.")
            .also { zip.close() }

    override fun open(path: String): InputStream? = zip.getEntry(folder + path)?.let(zip::getInputStream)

    override fun close() = zip.close()
}

/** The file that every bundle and every kernel pack has, and which says what else there is */
internal const val MANIFEST = "manifest.json"
