import Foundation
import TrackerCore

/// How figures and choices are put into words, the same on every screen.
enum Words {
    private static let formats = ["coreml": "Core ML", "coreai": "Core AI", "executorch": "ExecuTorch"]
    private static let units: [ComputeUnit: String] = [
        .all: "as the system chooses", .npu: "Neural Engine", .gpu: "GPU", .cpu: "CPU",
    ]
    private static let statuses: [ObjectStatus: String] = [
        .prompted: "found", .tracking: "followed", .lost: "lost",
    ]

    /// Such as "Core ML, Neural Engine, fp16"
    static func name(of way: Configuration) -> String {
        [formats[way.format] ?? way.format, units[way.unit]!, way.precision].joined(separator: ", ")
    }

    /// Such as "Object 1, orange, followed"
    static func name(of object: PointedObject) -> String {
        "Object \(object.id), \(ObjectColour.of(object.id).name), \(status(of: object))"
    }

    static func status(of object: PointedObject) -> String {
        object.status.flatMap { statuses[$0] } ?? "waiting"
    }

    /// ms, with as many digits as are worth reading
    static func ms(_ value: Double) -> String {
        String(format: value < 10 ? "%.1f" : "%.0f", value)
    }

    /// Bytes as people read them, such as "14.2 MB"
    static func size(_ bytes: Int) -> String {
        bytes < 1_000_000 ? "\(bytes / 1000) kB" : String(format: "%.1f MB", Double(bytes) / 1e6)
    }
}
