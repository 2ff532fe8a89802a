import Foundation

/// A kernel pack that was opened; none of its artefacts is given away before its checksum was right.
public struct Pack: Sendable {
    public let manifest: PackManifest
    /// Of manifest.json: the name of the pack
    public let sha256: String
    private let source: any BundleSource

    /// Of an artefact: that of the largest kernel has 40 MB
    private static let artefactBytes = 1 << 28

    /// Reads all of it once: what is damaged is said before the work. Throws `PackError`, and what the source throws.
    public init(opening source: any BundleSource) throws {
        let bytes = try source.read("manifest.json", most: Limits.manifestBytes)
        manifest = try PackManifest(parsing: bytes)
        sha256 = SHA256.hex(bytes)
        self.source = source
        for kernel in manifest.kernels { _ = try checked(kernel) }
    }

    /// Where a kernel's artefact is. Throws `PackError` for one that was altered, and what the source throws.
    public func checked(_ kernel: PackManifest.Kernel) throws -> URL {
        guard try digest(kernel.file) == kernel.sha256 else {
            throw PackError(sentence: "\(kernel.file) is not what the manifest says: make the pack anew.")
        }
        return source.url(of: kernel.file)
    }

    private func digest(_ file: String) throws -> String {
        let within = source.files(in: file)
        if within.isEmpty { return SHA256.hex(try source.read(file, most: Self.artefactBytes)) }
        let lines = try within.map { path in
            let digest = SHA256.hex(try source.read(path, most: Self.artefactBytes))
            return "\(digest)  \(path.dropFirst(file.count + 1))\n"
        }
        return SHA256.hex(Data(lines.joined().utf8))
    }
}
