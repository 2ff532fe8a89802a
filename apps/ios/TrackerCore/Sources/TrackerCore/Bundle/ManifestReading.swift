import Foundation

/// Reading a manifest: nothing of it is believed before it was held against its type here, and against the tracker
/// contract.
extension Manifest {
    /// The manifest of a tracker, from the bytes of manifest.json. Throws `BundleError` for another schema version, for a
    /// field that is missing or of another type, and for what contradicts itself or the tracker contract.
    public init(parsing bytes: Data) throws {
        do {
            let json = try JSONReader(bytes)
            let version = try json["schema_version"].value
            guard version == .number(Double(Self.schemaVersion)) else {
                throw BundleError(sentence: "manifest.json has schema version \(version.shown), and this app reads "
                    + "\(Self.schemaVersion); export the model again, with the vitexport that the app is from.")
            }
            try self.init(json)
        } catch let error as JSONError {
            throw BundleError(sentence: "manifest.json is damaged (\(error.message)); export the model again.")
        }
        guard model.task == "track" else {
            throw BundleError(sentence:
                "The bundle holds \(model.name), which is no tracker; export one, such as efficienttam_nano.")
        }
        if let found = TrackerContract.contradiction(in: self) {
            throw BundleError(sentence: "manifest.json does not fit a tracker: \(found); export the model again.")
        }
    }

    private init(_ json: JSONReader) throws {
        created = try json["created"].text
        model = try Model(json["model"])
        weights = try Weights(json["weights"])
        target = try Target(json["target"])
        variants = try json["variants"].list(most: Most.variants, Variant.init)
        graphs = try json["graphs"].list(most: Most.graphs, Graph.init)
        artifacts = try json["artifacts"].list(most: Most.variants * Most.graphs, Artifact.init)
        state = try json["state"].record { try $0.text }
        sequence = try json["sequence"].orNull(Sequence.init)
        rollouts = try json["rollouts"].list(most: Most.variants, Rollout.init)
        latencies = try json["latencies"].list(most: Most.variants, Latency.init)
        files = try json["files"].list(most: Limits.files, File.init)
    }
}

private enum Most {
    static let variants = 100
    static let graphs = 100
    static let tensors = 100
    static let rank = 6
    /// Folders in folders, with the file
    static let depth = 20
    static let pathLength = 1000
    /// No number of anything is larger
    static let amount = 1 << 50
}

extension Manifest.Model {
    fileprivate init(_ json: JSONReader) throws {
        name = try json["name"].text
        task = try json["task"].text
        imageSize = try json["image_size"].whole(1...Limits.imageSize)
    }
}

extension Manifest.Weights {
    fileprivate init(_ json: JSONReader) throws {
        kind = try json["kind"].text
        trained = try json["trained"].truth
        license = try json["card"].orNull { try $0["license"].text }
    }
}

extension Manifest.Target {
    fileprivate init(_ json: JSONReader) throws {
        id = try json["id"].text
        name = try json["name"].text
        platform = try json["platform"].text
    }
}

extension Manifest.Variant {
    fileprivate init(_ json: JSONReader) throws {
        format = try json["format"].text
        precision = try json["precision"].text
        delegate = try json["delegate"].orNull { try $0.text }
    }
}

extension Manifest.Graph {
    fileprivate init(_ json: JSONReader) throws {
        name = try json["name"].text
        inputs = try json["inputs"].tensors
        outputs = try json["outputs"].tensors
        vectors = try json["vectors"].innerPath
    }
}

extension Manifest.Artifact {
    fileprivate init(_ json: JSONReader) throws {
        variant = try Manifest.Variant(json)
        graph = try json["graph"].text
        file = try json["file"].innerPath
        bytes = try json["bytes"].whole(0...Most.amount)
        inputs = try json["inputs"].tensors
        outputs = try json["outputs"].tensors
    }
}

extension Manifest.Sequence {
    fileprivate init(_ json: JSONReader) throws {
        file = try json["file"].innerPath
        frames = try json["frames"].whole(1...Limits.frames)
        objects = try json["objects"].whole(1...Limits.objects)
    }
}

extension Manifest.Rollout {
    fileprivate init(_ json: JSONReader) throws {
        variant = try Manifest.Variant(json)
        let limits = try json["tolerance"]
        tolerance = try Tolerance(leastIoU: limits["mask_iou"].number, leastUnion: limits["least_union"].number)
    }
}

extension Manifest.Latency {
    fileprivate init(_ json: JSONReader) throws {
        variant = try Manifest.Variant(json)
        unit = try json["unit"].text
        ms = try json["latency"].orNull { try $0["ms"].number }
    }
}

extension Manifest.File {
    fileprivate init(_ json: JSONReader) throws {
        path = try json["path"].innerPath
        bytes = try json["bytes"].whole(0...Most.amount)
        sha256 = try json["sha256"].sha256
    }
}

extension JSONReader {
    /// A digest in hexadecimal
    var sha256: String {
        get throws {
            guard case .string(let text) = value, text.wholeMatch(of: /[0-9a-f]{64}/) != nil else {
                throw JSONError(message: "\(place) is no SHA-256")
            }
            return text
        }
    }

    /// A path that does not lead out of the bundle, and that every system can have
    fileprivate var innerPath: String {
        get throws {
            let path = try text
            let parts = path.split(separator: "/", omittingEmptySubsequences: false)
            let leadsOut = parts.contains { ["", ".", ".."].contains($0) }
            if leadsOut || parts.count > Most.depth || path.count > Most.pathLength || path.contains(/[\\\p{Cc}\p{Cf}]/) {
                throw JSONError(message: "\(place) is no path in a bundle")
            }
            return path
        }
    }

    fileprivate var tensors: [TensorSpec] {
        get throws {
            try list(most: Most.tensors) { json in
                try TensorSpec(
                    name: json["name"].text,
                    shape: json["shape"].list(most: Most.rank) { try $0.whole(1...Limits.values) },
                    dtype: json["dtype"].oneOf(TensorSpec.DType.self),
                    kind: json["kind"].oneOf(TensorSpec.Kind.self))
            }
        }
    }
}
