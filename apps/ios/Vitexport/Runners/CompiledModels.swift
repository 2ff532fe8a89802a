@preconcurrency import CoreML
import CryptoKit
import TrackerCore

/// Core ML's compiled models, in the caches folder: each package is compiled once, which takes seconds. The system may
/// empty that folder; then they are compiled again.
enum CompiledModels {
    /// Of a package, whose files have the SHA-256 digests `checksums`. Throws `RunnerError`.
    static func url(of package: URL, checksums: [String]) async throws -> URL {
        // Another system compiles otherwise.
        let what = checksums + [ProcessInfo.processInfo.operatingSystemVersionString]
        let key = SHA256.hash(data: Data(what.joined(separator: "\n").utf8)).map { String(format: "%02x", $0) }.joined()
        let folder = URL.cachesDirectory.appending(path: "CompiledModels", directoryHint: .isDirectory)
        let kept = folder.appending(path: "\(key).mlmodelc", directoryHint: .isDirectory)
        do {
            if FileManager.default.fileExists(atPath: kept.path) { return kept }
            let compiled = try await MLModel.compileModel(at: package)
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try FileManager.default.moveItem(at: compiled, to: kept)
            return kept
        } catch {
            throw RunnerError(sentence:
                "Core ML cannot compile \(package.lastPathComponent) (\(error.localizedDescription)): make room on the "
                    + "device, or export the model again.")
        }
    }
}
