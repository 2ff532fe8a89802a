/// Whether a manifest is that of a tracker, whoever wrote it: the graphs, their tensors, and the state between frames.
/// All that runs a bundle relies on this, and checks nothing of it again.
enum TrackerContract {
    /// Pixels of the image for each token of its features, and for each mask logit
    private static let patch = 16
    static let logit = 4

    /// Only models that pool their memory have it
    private static let mayLack = "track_first"

    /// The first thing in a manifest that is no tracker's, in words; nil if all fits.
    static func contradiction(in manifest: Manifest) -> String? {
        for check in [ofState, ofGraphs, ofShapes, ofArtifacts, ofFiles] {
            if let found = check(manifest) { return found }
        }
        return nil
    }

    private struct Signature {
        let name: String
        let inputs: [String]
        let outputs: [String]
    }

    /// The graphs of a tracker with this state
    private static func signatures(_ state: [String: String]) -> [Signature] {
        let found = ["mask_logits", "iou", "object_score"] + state.keys.sorted()
        let step = ["features"] + state.values.sorted()
        return [
            Signature(name: "encode_image", inputs: ["image"], outputs: ["features"]),
            Signature(name: "prompt_points", inputs: ["features", "points", "labels"], outputs: found),
            Signature(name: "prompt_mask", inputs: ["features", "mask"], outputs: found),
            Signature(name: "track_first", inputs: step, outputs: found),
            Signature(name: "track_step", inputs: step, outputs: found),
        ]
    }

    private static func ofState(_ manifest: Manifest) -> String? {
        let inputs = manifest.state.values
        if inputs.isEmpty { return "it has no state" }
        return Set(inputs).count < inputs.count ? "two outputs of its state are one input of the next step" : nil
    }

    private static func ofGraphs(_ manifest: Manifest) -> String? {
        let wanted = signatures(manifest.state)
        let names = manifest.graphs.map(\.name)
        if let missing = wanted.first(where: { $0.name != mayLack && !names.contains($0.name) }) {
            return "the graph \(missing.name) is missing"
        }
        if Set(names).count < names.count { return "a graph is there twice" }
        for graph in manifest.graphs {
            guard let signature = wanted.first(where: { $0.name == graph.name }) else {
                return "there is a graph \(graph.name), which no tracker has"
            }
            for (verb, specs, should) in [
                ("take", graph.inputs, signature.inputs), ("give", graph.outputs, signature.outputs),
            ] where !sameSet(specs.map(\.name), should) {
                let found = specs.isEmpty ? "nothing" : specs.map(\.name).joined(separator: ", ")
                return "\(graph.name) \(verb)s \(found), and should \(verb) \(should.joined(separator: ", "))"
            }
        }
        return nil
    }

    /// Shapes are those that the image's size gives; features and states have one shape wherever they are.
    private static func ofShapes(_ manifest: Manifest) -> String? {
        let size = manifest.model.imageSize
        if size % patch != 0 { return "images of \(size) pixels are no multiple of \(patch)" }
        var shapes = [
            "image": [1, 3, size, size],
            "points": [1, Prompt.points, 2],
            "labels": [1, Prompt.points],
            "mask": [1, 1, size, size],
            "mask_logits": [1, 1, size / logit, size / logit],
            "iou": [1, 1],
            "object_score": [1, 1],
        ]
        for graph in manifest.graphs {
            for spec in graph.inputs + graph.outputs {
                // as numbers with a point, which do not overflow
                let values = spec.shape.reduce(1.0) { $0 * Double($1) }
                if values > Double(Limits.values) {
                    return "\(spec.name) of \(graph.name) has more than the \(Limits.values) values that are taken"
                }
                if spec.name == "features", spec.shape.count != 4 || spec.shape[2...] != [size / patch, size / patch] {
                    return "features of \(graph.name) have the shape \(spec.shape), "
                        + "which images of \(size) pixels do not give"
                }
                let key = manifest.state[spec.name] ?? spec.name
                if let known = shapes[key], known != spec.shape {
                    return "\(spec.name) of \(graph.name) has the shape \(spec.shape), and should have \(known)"
                }
                shapes[key] = spec.shape
            }
        }
        return nil
    }

    private static func ofArtifacts(_ manifest: Manifest) -> String? {
        let made = manifest.artifacts.map { Made(variant: $0.variant, graph: $0.graph) }
        let wanted = manifest.variants.flatMap { variant in
            manifest.graphs.map { Made(variant: variant, graph: $0.name) }
        }
        guard sameSet(made, wanted) else { return "its artefacts are not one of each graph in each variant" }
        for artifact in manifest.artifacts {
            let graph = manifest.graphs.first { $0.name == artifact.graph }
            guard graph.map({ same(artifact.inputs, $0.inputs) && same(artifact.outputs, $0.outputs) }) == true else {
                return "the \(artifact.variant.format) artefact of \(artifact.graph) takes or gives something else "
                    + "than the graph"
            }
        }
        return nil
    }

    private struct Made: Hashable {
        let variant: Manifest.Variant
        let graph: String
    }

    private static func ofFiles(_ manifest: Manifest) -> String? {
        let sizes = Dictionary(manifest.files.map { ($0.path, $0.bytes) }, uniquingKeysWith: { $1 })
        if sizes.count < manifest.files.count { return "a file is listed twice" }
        let paths = manifest.graphs.map(\.vectors) + [manifest.sequence?.file].compactMap(\.self)
        if let missing = paths.first(where: { sizes[$0] == nil }) { return "\(missing) is not among its files" }
        for artifact in manifest.artifacts {
            let files = manifest.files(of: artifact)
            if files.isEmpty { return "\(artifact.file) is not among its files" }
            let listed = files.reduce(0) { $0 + $1.bytes }
            if listed != artifact.bytes {
                return "\(artifact.file) has \(listed) bytes, and its artefact \(artifact.bytes)"
            }
        }
        return nil
    }

    /// Whether two lists have the same members, each once
    private static func sameSet<Member: Hashable>(_ one: [Member], _ other: [Member]) -> Bool {
        one.count == other.count && Set(one).count == one.count && Set(one) == Set(other)
    }

    /// But for the type: Core ML takes a picture where the graph takes numbers
    private static func same(_ one: [TensorSpec], _ other: [TensorSpec]) -> Bool {
        one.elementsEqual(other) { $0.name == $1.name && $0.kind == $1.kind && $0.shape == $1.shape }
    }
}

extension Manifest {
    /// The file that an artefact is, or all files of the package that it is
    func files(of artifact: Artifact) -> [File] {
        files.filter { $0.path == artifact.file || $0.path.hasPrefix("\(artifact.file)/") }
    }
}
