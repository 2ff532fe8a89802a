import Foundation

/// The graphs of a tracker that follow what was prompted with points; `trackFirst` is there in pooled models. Those for
/// mask prompts are not loaded: a phone has better uses for the memory.
public struct TrackerGraphs: Sendable {
    public let encodeImage: any GraphRunner
    public let promptPoints: any GraphRunner
    public let trackFirst: (any GraphRunner)?
    public let trackStep: any GraphRunner

    public init(
        encodeImage: any GraphRunner, promptPoints: any GraphRunner, trackFirst: (any GraphRunner)?,
        trackStep: any GraphRunner
    ) {
        self.encodeImage = encodeImage
        self.promptPoints = promptPoints
        self.trackFirst = trackFirst
        self.trackStep = trackStep
    }

    /// Memory for a picture [1, 3, S, S] that `encode_image` takes
    public func makeImage() throws -> Tensor {
        try encodeImage.makeTensor(for: encodeImage.inputs[0])
    }

    /// Run each graph once, on zeros: runtimes compile and take memory in the first run, and some fail only there.
    func warmUp() async throws {
        for graph in [encodeImage, promptPoints, trackFirst, trackStep].compactMap({ $0 }) {
            let inputs = try graph.makeTensors(for: graph.inputs)
            for tensor in inputs.values where tensor.element != .bgra8 {
                tensor.fill(from: Array(repeating: 0, count: tensor.count))
            }
            try await graph.run(inputs, into: graph.makeTensors(for: graph.outputs))
        }
    }
}

/// Loads an artefact, which was checked. Throws `RunnerError` where its inputs and outputs are not those of the manifest.
public typealias LoadGraph = @Sendable (URL, Manifest.Artifact, Configuration) async throws -> any GraphRunner

public struct LoadedGraphs: Sendable {
    public let graphs: TrackerGraphs
    /// Graph -> ms; that of the first has the runtime's own start in it
    public let loadMs: [String: Double]

    /// Checks all files, and only then loads any. Each graph has run once when this returns: what its first run does, a
    /// crash included, belongs to the load. Throws what checking, loading and running throw.
    public init(of bundle: TrackerBundle, configuration: Configuration, load: LoadGraph) async throws {
        let artifacts = bundle.manifest.artifacts(for: configuration)
        let wanted = Self.names.compactMap { artifacts[$0] }
        guard !wanted.isEmpty else {
            throw BundleError(sentence: "The bundle has nothing for \(configuration.format) in "
                + "\(configuration.precision); choose another.")
        }
        let files = try wanted.map { try bundle.checked($0) }
        var runners: [String: any GraphRunner] = [:]
        var ms: [String: Double] = [:]
        for (artifact, file) in zip(wanted, files) {
            let watch = Stopwatch()
            runners[artifact.graph] = try await load(file, artifact, configuration)
            ms[artifact.graph] = watch.ms
        }
        loadMs = ms
        // the manifest was held against the tracker contract
        graphs = TrackerGraphs(
            encodeImage: runners["encode_image"]!, promptPoints: runners["prompt_points"]!,
            trackFirst: runners["track_first"], trackStep: runners["track_step"]!)
        try await graphs.warmUp()
    }

    private static let names = ["encode_image", "prompt_points", "track_first", "track_step"]
}
