/// What the app reads of a bundle's manifest; docs/manifest.schema.json has all of it.
public struct Manifest: Equatable, Sendable {
    /// The one version of the manifest that this app reads
    public static let schemaVersion = 13

    public var created: String
    public var model: Model
    public var weights: Weights
    public var target: Target
    public var variants: [Variant]
    public var graphs: [Graph]
    public var artifacts: [Artifact]
    /// Output -> the input that it is in the next step
    public var state: [String: String]
    public var sequence: Sequence?
    public var rollouts: [Rollout]
    public var latencies: [Latency]
    public var files: [File]

    public struct Model: Equatable, Sendable {
        public var name: String
        public var task: String
        /// Pixels of the side of the square that graphs take
        public var imageSize: Int
    }

    public struct Weights: Equatable, Sendable {
        public var kind: String
        public var trained: Bool
        /// Of weights that come with vitexport
        public var license: String?
    }

    public struct Target: Equatable, Sendable {
        public var id: String
        public var name: String
        public var platform: String
    }

    public struct Variant: Hashable, Sendable {
        public var format: String
        public var precision: String
        public var delegate: String?
    }

    public struct Graph: Equatable, Sendable {
        public var name: String
        public var inputs: [TensorSpec]
        public var outputs: [TensorSpec]
        public var vectors: String
    }

    public struct Artifact: Equatable, Sendable {
        public var variant: Variant
        public var graph: String
        /// A file, or a folder that is one package
        public var file: String
        public var bytes: Int
        public var inputs: [TensorSpec]
        public var outputs: [TensorSpec]
    }

    public struct Sequence: Equatable, Sendable {
        public var file: String
        public var frames: Int
        public var objects: Int
    }

    /// How near a variant's masks have to be to PyTorch's.
    public struct Rollout: Equatable, Sendable {
        public var variant: Variant
        public var tolerance: Tolerance
    }

    /// What a variant is expected to take for a frame on the bundle's target.
    public struct Latency: Equatable, Sendable {
        public var variant: Variant
        /// Processor of the target, or "all" where its runtime chooses
        public var unit: String
        public var ms: Double?
    }

    public struct File: Equatable, Sendable {
        public var path: String
        public var bytes: Int
        public var sha256: String
    }
}
