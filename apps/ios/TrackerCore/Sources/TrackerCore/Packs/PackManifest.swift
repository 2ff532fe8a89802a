import Foundation

/// What the app reads of a kernel pack's manifest (`latency_db/packs.py` has all of it).
public struct PackManifest: Equatable, Sendable {
    public enum Runtime: String, CaseIterable, Sendable {
        case coreml, executorch, tflite
    }

    public struct Kernel: Equatable, Sendable {
        /// What the latency database calls it
        public let key: String
        /// Its artefact within the pack: a file, or a folder that is one package
        public let file: String
        /// Of a folder, that of the lines which `sha256sum` has for its files, in order of their names
        public let sha256: String
        public let inputs: [TensorSpec]
    }

    public let runtime: Runtime
    /// Whose fusion decided what the kernels are
    public let unit: ComputeUnit
    public let precision: String
    /// In the order in which they are best measured; never empty
    public let kernels: [Kernel]

    /// Throws `PackError` for what is no pack's manifest, and for a pack that this app does not run.
    init(parsing bytes: Data) throws {
        do {
            let json = try JSONReader(bytes)
            _ = try json["schema"].whole(1...1)
            runtime = try json["runtime"].oneOf(Runtime.self)
            unit = try json["unit"].oneOf(ComputeUnit.self)
            precision = try json["precision"].text
            kernels = try json["kernels"].list(most: Most.kernels, Kernel.init)
            if kernels.isEmpty { throw JSONError(message: "kernels is empty") }
        } catch let error as JSONError {
            throw PackError(sentence: "This is no kernel pack that this app runs (\(error.message)): make one with "
                + "vitexport bench --pack kernels.zip --target iphone15.")
        }
    }
}

/// A pack that this app does not run.
public struct PackError: Refusal {
    public let sentence: String
}

private enum Most {
    /// Kernels that a pack can have
    static let kernels = 2000
    static let inputs = 16
    static let rank = 8
}

extension PackManifest.Kernel {
    fileprivate init(_ json: JSONReader) throws {
        key = try json["key"].text
        file = try json["file"].like(/kernels\/[a-z0-9_]+\.[a-z]+/)
        sha256 = try json["sha256"].sha256
        inputs = try json["inputs"].list(most: Most.inputs) { json in
            let shape = try json["shape"].list(most: Most.rank) { try $0.whole(1...Limits.values) }
            guard shape.reduce(1.0, { $0 * Double($1) }) <= Double(Limits.values) else {
                throw JSONError(message: "\(json.place).shape has more than \(Limits.values) values")
            }
            guard try json["dtype"].text == "float32" else {
                throw JSONError(message: "\(json.place).dtype should be float32")
            }
            return TensorSpec(name: try json["name"].text, shape: shape, kind: .features)
        }
    }
}
