import Testing

@testable import TrackerCore

@Suite struct LoadedGraphsTests {
    private let way = Configuration(format: "tflite", precision: "fp32", delegate: nil, unit: .cpu, threads: 1)

    @Test("each graph that is loaded has run once, so that a crash in its first run is one of the load")
    func eachGraphThatIsLoadedHasRunOnce() async throws {
        let runs = Locked([String]())
        let loaded = try await loaded { name in runs.withLock { $0.append(name) } }
        #expect(runs.withLock { $0 } == ["encode_image", "prompt_points", "track_step"])
        #expect(loaded.loadMs.keys.sorted() == ["encode_image", "prompt_points", "track_step"])
    }

    @Test("a graph that fails in its first run is not loaded") func aGraphThatFailsInItsFirstRunIsNotLoaded() async {
        let fault = RunnerError(sentence: "There is no memory left.")
        await #expect(throws: fault) { try await loaded { if $0 == "track_step" { throw fault } } }
    }

    /// Of the small bundle; `ran` hears of each run
    private func loaded(_ ran: @escaping @Sendable (String) throws -> Void) async throws -> LoadedGraphs {
        let bundle = try TrackerBundle(opening: MemorySource(files: SmallBundle.files()))
        return try await LoadedGraphs(of: bundle, configuration: way) { _, artifact, _ in
            HeardGraph(inputs: artifact.inputs, outputs: artifact.outputs) { try ran(artifact.graph) }
        }
    }
}

/// A graph that gives nothing, and says that it ran on zeros.
private struct HeardGraph: GraphRunner {
    let inputs: [TensorSpec]
    let outputs: [TensorSpec]
    let ran: @Sendable () throws -> Void

    func makeTensor(for spec: TensorSpec) -> Tensor {
        let tensor = Tensor(shape: spec.shape)
        tensor.fill(from: Array(repeating: .nan, count: tensor.count))
        return tensor
    }

    func run(_ inputs: [String: Tensor], into outputs: [String: Tensor]) throws {
        #expect(inputs.values.allSatisfy { $0.values.allSatisfy { $0 == 0 } })
        #expect(outputs.keys.sorted() == self.outputs.map(\.name).sorted())
        try ran()
    }
}
