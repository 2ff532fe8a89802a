import Foundation

/// A bundle that was opened: its manifest, and its files, of which none is given away before its checksum was right.
public struct TrackerBundle: Sendable {
    public let manifest: Manifest
    /// Of manifest.json
    public let manifestSHA256: String
    private let source: any BundleSource
    private let listed: [String: Manifest.File]

    /// Reads the manifest, and no other file but the checksums. Throws `BundleError`, and what the source throws.
    public init(opening source: any BundleSource) throws {
        let bytes = try source.read("manifest.json", most: Limits.manifestBytes)
        manifest = try Manifest(parsing: bytes)
        manifestSHA256 = SHA256.hex(bytes)
        let sums = try source.read("SHA256SUMS", most: Limits.manifestBytes)
        guard String(decoding: sums, as: UTF8.self).split(separator: "\n").contains("\(manifestSHA256)  manifest.json")
        else {
            throw BundleError(sentence:
                "manifest.json and SHA256SUMS do not agree, so one was altered; export the model again.")
        }
        self.source = source
        listed = Dictionary(uniqueKeysWithValues: manifest.files.map { ($0.path, $0) })
    }

    /// A file that the manifest lists. Throws `BundleError` for one that was altered, and what the source throws.
    public func read(_ path: String) throws -> Data {
        guard let entry = listed[path] else {
            throw BundleError(sentence: "The bundle does not list \(path); export the model again.")
        }
        guard entry.bytes <= Limits.fileBytes else {
            throw BundleError(sentence: "\(path) has \(entry.bytes) bytes, which no phone holds; export a smaller model.")
        }
        let bytes = try source.read(path, most: entry.bytes)
        guard bytes.count == entry.bytes, SHA256.hex(bytes) == entry.sha256 else {
            throw BundleError(sentence: "\(path) was altered after export; export the model again.")
        }
        return bytes
    }

    /// Where an artefact is, every file of which was found to be right: a file, or a package. Throws as `read` does.
    public func checked(_ artifact: Manifest.Artifact) throws -> URL {
        for file in manifest.files(of: artifact) { _ = try read(file.path) }
        return source.url(of: artifact.file)
    }
}
