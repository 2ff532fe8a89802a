/** How much of anything is taken from a bundle that somebody else made; what has more is refused before it is read. */
package dev.vitexport.core.bundle

private const val MIB = 1L shl 20

/** Of manifest.json, and of SHA256SUMS: those of a tracker in five formats have 0.15 MB */
const val MANIFEST_BYTES = 8 * MIB

/** Of a file that is read into memory, such as the vectors; graphs go to the device's storage instead */
const val FILE_BYTES = 256 * MIB

/** The largest bundle has some dozens */
internal const val FILES = 10_000

/** Of a safetensors file: the vectors have some dozen tensors of a hundred characters each */
internal const val HEADER_BYTES = MIB

/** Pixels of the image's side */
internal const val IMAGE_SIZE = 4096

/** Of one tensor: the memory of the largest image has 2^25 */
internal const val VALUES = 1 shl 26

/** Masks are saved with eight bits a pixel, of which 0 is the background */
internal const val OBJECTS = 255

/** Of a sequence: it is followed to check, not to watch */
internal const val FRAMES = 10_000
