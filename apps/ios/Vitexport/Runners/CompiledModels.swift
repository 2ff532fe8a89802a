@preconcurrency import CoreML
import CryptoKit
import TrackerCore

/// Core ML's compiled models: a package is compiled once, which takes seconds, and lies in its folder from then on.
enum CompiledModels {
    /// Of a package. Throws `RunnerError`.
    static func url(of package: GraphFile) async throws -> URL {
        // Another system compiles otherwise.
        let what = package.checksums + [ProcessInfo.processInfo.operatingSystemVersionString]
        let key = SHA256.hash(data: Data(what.joined(separator: "\n").utf8)).map { String(format: "%02x", $0) }.joined()
        let kept = package.compiled.appending(path: "\(key).mlmodelc", directoryHint: .isDirectory)
        do {
            if FileManager.default.fileExists(atPath: kept.path) { return kept }
            let compiled = try await MLModel.compileModel(at: package.url)
            try FileManager.default.createDirectory(at: package.compiled, withIntermediateDirectories: true)
            try FileManager.default.moveItem(at: compiled, to: kept)
            return kept
        } catch {
            throw RunnerError(sentence:
                "Core ML cannot compile \(package.url.lastPathComponent) (\(error.localizedDescription)): make room on the "
                    + "device, or export the model again.")
        }
    }
}
