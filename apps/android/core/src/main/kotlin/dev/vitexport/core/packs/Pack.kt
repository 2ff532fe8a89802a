package dev.vitexport.core.packs

import dev.vitexport.core.bundle.BundleSource
import dev.vitexport.core.bundle.MANIFEST
import dev.vitexport.core.bundle.MANIFEST_BYTES
import dev.vitexport.core.bundle.extracted
import dev.vitexport.core.bundle.read
import dev.vitexport.core.bundle.sha256
import java.io.File

/** Of an artefact: that of the largest kernel has 40 MB */
private const val ARTEFACT_BYTES = 1L shl 28

/** A kernel pack that was opened; none of its artefacts is given away before its checksum was right. */
class Pack private constructor(
    val manifest: PackManifest,
    /** Of manifest.json: the name of the pack */
    val sha256: String,
    private val artefacts: Map<PackedKernel, File>,
) {
    /** A kernel's artefact */
    fun file(kernel: PackedKernel): File = artefacts.getValue(kernel)

    companion object {
        /**
         * Reads all of it once, into `folder`: what is damaged is said before the work. Throws [PackException], and
         * what the source throws.
         */
        fun open(source: BundleSource, folder: File): Pack {
            val bytes = source.read(MANIFEST, MANIFEST_BYTES)
            val manifest = parsePack(bytes)
            val artefacts = manifest.kernels.associateWith { kernel ->
                extracted(source, kernel.file, ARTEFACT_BYTES, kernel.sha256, folder)
                    ?: throw PackException("${kernel.file} is not what the manifest says: make the pack anew.")
            }
            return Pack(manifest, sha256(bytes), artefacts)
        }
    }
}
