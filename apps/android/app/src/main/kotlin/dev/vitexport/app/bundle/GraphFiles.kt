/**
 * Graphs as files, which runtimes map into memory. Each is copied out of its bundle once, under its checksum, and its
 * checksum is right whenever it is given away.
 */
package dev.vitexport.app.bundle

import dev.vitexport.core.bundle.Bundle
import dev.vitexport.core.bundle.sha256
import java.io.File

class GraphFiles(private val folder: File) {

    /** The file of an artefact of [bundle]. Throws what reading the bundle throws. */
    fun file(bundle: Bundle, path: String): File {
        val listed = bundle.manifest.files.first { it.path == path }
        val file = File(folder, "${listed.sha256}.${path.substringAfterLast('.')}")
        if (file.length() == listed.bytes && sha256(file) == listed.sha256) return file
        folder.mkdirs()
        val part = File(folder, "${file.name}.part")
        part.writeBytes(bundle.read(path))
        if (!part.renameTo(file)) throw java.io.IOException("$file cannot be written")
        return file
    }

    /** What is not of this bundle goes: a phone has no room for graphs of before. */
    fun keepOnly(bundle: Bundle) {
        val wanted = bundle.manifest.files.map { it.sha256 }.toSet()
        folder.listFiles().orEmpty().filter { it.name.substringBefore('.') !in wanted }.forEach(File::delete)
    }
}
