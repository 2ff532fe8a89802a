import Foundation
import TrackerCore

/// Which runtime loads which format.
struct Runtimes: Sendable {
    struct Runtime: Sendable {
        /// As a saved result has it
        let version: String
        let load: @Sendable (URL, Manifest.Artifact, ComputeUnit, _ checksums: [String]) async throws -> any GraphRunner
    }

    /// Format -> runtime
    static let all: [String: Runtime] = {
        let system = "iOS \(ProcessInfo.processInfo.operatingSystemVersion.words)"
        var all = [
            "coreml": Runtime(version: "Core ML of \(system)") { package, artifact, unit, checksums in
                let compiled = try await CompiledModels.url(of: package, checksums: checksums)
                return try await CoreMLRunner(compiled: compiled, artifact: artifact, unit: unit)
            },
            "executorch": Runtime(version: "ExecuTorch \(ExecuTorchRunner.version)") { file, artifact, _, _ in
                try await ExecuTorchRunner(file: file, artifact: artifact)
            },
        ]
        #if canImport(CoreAI)
        if #available(iOS 27, *) {
            all["coreai"] = Runtime(version: "Core AI of \(system)") { asset, artifact, unit, _ in
                try await CoreAIRunner(asset: asset, artifact: artifact, unit: unit)
            }
        }
        #endif
        return all
    }()
}

extension OperatingSystemVersion {
    /// Such as "18.1"
    var words: String {
        patchVersion == 0 ? "\(majorVersion).\(minorVersion)" : "\(majorVersion).\(minorVersion).\(patchVersion)"
    }
}
