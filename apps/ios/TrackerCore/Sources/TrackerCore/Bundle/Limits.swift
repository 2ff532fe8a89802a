/// How much of anything is taken from a bundle that somebody else made; what has more is refused before it is read.
enum Limits {
    static let mebibyte = 1 << 20

    /// Bytes of manifest.json, and of SHA256SUMS: those of a tracker in five formats have 0.15 MB
    static let manifestBytes = 8 * mebibyte

    /// Of any other file: the largest graph has 0.3 GB, and an app has no more address space than a few of these
    static let fileBytes = 1024 * mebibyte

    /// The largest bundle has some dozens
    static let files = 10_000

    /// Bytes of the header of a safetensors file: the vectors have some dozen tensors of a hundred characters each
    static let headerBytes = mebibyte

    /// Pixels of the image's side
    static let imageSize = 4096

    /// Of one tensor: the memory of the largest image has 2^25
    static let values = 1 << 26

    static let objects = 255

    /// Of a sequence: it is followed to check, not to watch
    static let frames = 10_000
}
