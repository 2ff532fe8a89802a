/** How much of anything is taken from a bundle that somebody else made; what has more is refused before it is read. */

const MIB = 2 ** 20

/** Of manifest.json, and of SHA256SUMS: those of a tracker in five formats have 0.15 MB */
export const MANIFEST_BYTES = 8 * MIB

/** Of any other file: the largest graph has 0.3 GB, and a browser's address space is not a desktop's */
export const FILE_BYTES = 1024 * MIB

/** Of a zip, which is held in memory while it is open */
export const ZIP_BYTES = 1024 * MIB

/** The largest bundle has some dozens */
export const FILES = 10_000

/** Of a safetensors file: the vectors have some dozen tensors of a hundred characters each */
export const HEADER_BYTES = MIB

/** Pixels of the image's side */
export const IMAGE_SIZE = 4096

/** Of one tensor: the memory of the largest image has 2^25 */
export const VALUES = 2 ** 26

/** Masks are saved with eight bits a pixel, of which 0 is the background */
export const OBJECTS = 255

/** Of a sequence: it is followed to check, not to watch */
export const FRAMES = 10_000
