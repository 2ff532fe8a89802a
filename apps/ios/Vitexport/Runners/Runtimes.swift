import Foundation
import TrackerCore

/// What runs a format on this system.
struct Runtime: Sendable {
    /// As a saved result has it
    let version: String
    let load: @Sendable (GraphFile, ComputeUnit) async throws -> any GraphRunner

    /// Format -> runtime
    static let all: [String: Runtime] = {
        let system = "iOS \(ProcessInfo.processInfo.operatingSystemVersion.words)"
        var all = [
            "coreml": Runtime(version: "Core ML of \(system)") { file, unit in
                let compiled = try await CompiledModels.url(of: file)
                return try await CoreMLRunner(file, compiled: compiled, unit: unit)
            },
            "executorch": Runtime(version: "ExecuTorch \(ExecuTorchRunner.version)") { file, _ in
                try await ExecuTorchRunner(file)
            },
        ]
        #if canImport(CoreAI)
        if #available(iOS 27, *) {
            all["coreai"] = Runtime(version: "Core AI of \(system)") { file, unit in
                try await CoreAIRunner(file, unit: unit)
            }
        }
        #endif
        return all
    }()
}
