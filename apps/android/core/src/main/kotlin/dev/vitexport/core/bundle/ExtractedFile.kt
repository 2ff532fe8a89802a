package dev.vitexport.core.bundle

import java.io.File
import java.io.IOException

/**
 * The file of a source, of at most `most` bytes, as a file of the device in `folder`, named by its checksum: there is
 * none under that name that is not what it should be. Null where what the source has is not of this checksum. Throws as
 * [BundleSource.read].
 */
internal fun extracted(source: BundleSource, path: String, most: Long, sha256: String, folder: File): File? {
    val file = File(folder, "$sha256.${path.substringAfterLast('.')}")
    if (file.isFile && sha256(file) == sha256) return file
    folder.mkdirs()
    val draft = File.createTempFile("draft", null, folder)
    try {
        if (sha256(draft.outputStream()) { source.copy(path, most, it) } != sha256) return null
        if (!draft.renameTo(file)) throw IOException("$file cannot be written.")
        return file
    } finally {
        draft.delete()
    }
}
