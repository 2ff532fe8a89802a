package dev.vitexport.core.bundle

import java.io.File

/**
 * A bundle that was opened: its manifest, and its files, of which none is given away before its checksum was right.
 * Closing it closes its source.
 */
class Bundle private constructor(
    private val source: BundleSource,
    val manifest: Manifest,
    /** Of manifest.json */
    val manifestSha256: String,
) : AutoCloseable by source {
    private val listed = manifest.files.associateBy { it.path }

    /** A file that is listed. Throws [BundleException] for one that was altered, and what the source throws. */
    fun read(path: String): ByteArray {
        val entry = entry(path)
        if (entry.bytes > FILE_BYTES) {
            throw BundleException("$path has ${entry.bytes} bytes, which no phone holds; export a smaller model.")
        }
        val bytes = source.read(path, entry.bytes)
        if (bytes.size.toLong() != entry.bytes || sha256(bytes) != entry.sha256) throw altered(path)
        return bytes
    }

    /**
     * A file of the device with the content of a listed one, such as a graph, which runtimes map into memory. It lies
     * in `folder`, named by its checksum, and is not copied again while it is what it was. Throws as [read].
     */
    fun extract(path: String, folder: File): File {
        val entry = entry(path)
        return extracted(source, path, entry.bytes, entry.sha256, folder) ?: throw altered(path)
    }

    private fun entry(path: String): FileEntry =
        listed[path] ?: throw BundleException("The bundle does not list $path; export the model again.")

    private fun altered(path: String) = BundleException("$path was altered after export; export the model again.")

    companion object {
        /**
         * Reads the manifest and the checksums alone. Throws [BundleException], and what the source throws; the source
         * is closed then.
         */
        fun open(source: BundleSource): Bundle = try {
            opened(source)
        } catch (error: Exception) {
            source.close()
            throw error
        }

        private fun opened(source: BundleSource): Bundle {
            val bytes = source.read(MANIFEST, MANIFEST_BYTES)
            val manifest = parseManifest(bytes)
            val digest = sha256(bytes)
            val sums = source.read("SHA256SUMS", MANIFEST_BYTES).decodeToString()
            if ("$digest  $MANIFEST" !in sums.split('\n')) {
                throw BundleException(
                    "manifest.json and SHA256SUMS do not agree, so one was altered; export the model again.",
                )
            }
            return Bundle(source, manifest, digest)
        }
    }
}
