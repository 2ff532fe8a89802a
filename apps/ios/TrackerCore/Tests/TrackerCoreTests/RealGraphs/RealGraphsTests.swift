import Foundation
import Testing

@testable import TrackerCore

/// The core on the graphs that ship, run by the runtimes that verified them.
@Suite(.serialized, .worker) struct RealGraphsTests {
    private let bundle: TrackerBundle

    init() throws {
        bundle = try TrackerBundle(opening: BundleFolder(#require(Told.bundle)))
    }

    @Test("every mask is that of PyTorch with onnx") func everyMaskIsThatOfPyTorchWithOnnx() async throws {
        try await everyMaskIsThatOfPyTorch(with: "onnx")
    }

    @Test("every mask is that of PyTorch with tflite") func everyMaskIsThatOfPyTorchWithTflite() async throws {
        try await everyMaskIsThatOfPyTorch(with: "tflite")
    }

    @Test("every mask is that of PyTorch with executorch") func everyMaskIsThatOfPyTorchWithExecutorch() async throws {
        try await everyMaskIsThatOfPyTorch(with: "executorch")
    }

    @Test("every mask is that of PyTorch with coreml") func everyMaskIsThatOfPyTorchWithCoreml() async throws {
        try await everyMaskIsThatOfPyTorch(with: "coreml")
    }

    @Test("a state that is not advanced fails") func aStateThatIsNotAdvancedFails() async throws {
        try await fails(.stateNotAdvanced, within: 12)
    }

    @Test("a state in the wrong slots fails") func aStateInTheWrongSlotsFails() async throws {
        try await fails(.wrongSlot, within: 12)
    }

    @Test("an output array that a later run overwrites fails") func anOutputArrayThatALaterRunOverwritesFails() async throws {
        try await fails(.staleOutput, within: 6)
    }

    @Test("a frame that is turned fails") func aFrameThatIsTurnedFails() async throws {
        try await fails(.turnedFrame, within: 3)
    }

    @Test("a benchmark gives a report that can be imported") func aBenchmarkGivesAReport() async throws {
        let configuration = configuration("tflite")
        let benchmark = Benchmark(
            try await loaded(configuration), of: bundle, configuration: configuration, resize: { $1.take($0) })
        let result = try await benchmark.run(seconds: 2) { _, _ in true }
        #expect(result.selfTest?.pass == true)
        #expect(result.graphs.keys.sorted() == ["encode_image", "track_step"])
        #expect(result.fps > 0)
        try leave(Report(result, of: bundle, about), as: "benchmark.json")
    }

    @Test("a kernel pack gives a report that can be imported", .pack) func aKernelPackGivesAReport() async throws {
        let pack = try Pack(opening: BundleFolder(#require(Told.pack)))
        let format = pack.manifest.runtime.rawValue
        var run = PackRun(of: pack, threads: 1, load: { url, kernel in
            PipeRunner(artefact: .file(url), format: format, inputs: kernel.inputs, outputs: [])
        }, onProgress: { _, _ in true })
        let result = try await run.result()
        #expect(result.failures == [])
        #expect(result.kernels.count == pack.manifest.kernels.count)
        try leave(Report(result, about), as: "pack.json")
    }

    private func everyMaskIsThatOfPyTorch(with format: String) async throws {
        let configuration = configuration(format)
        let result = try await selfTest(
            loaded(configuration).graphs, of: bundle, tolerance: bundle.manifest.tolerance(for: configuration)
        ) { _, _ in true }
        #expect(result.pass, "\(result.detail)")
        #expect(result.iou >= 0.999)
        #expect(result.frames == bundle.manifest.sequence?.frames)
    }

    /// Whether the self-test notices a fault in the first frames, by masks that are wrong
    private func fails(_ fault: Fault, within frames: Int) async throws {
        let graphs = try await loaded(configuration("tflite")).graphs.with(fault, state: bundle.manifest.state)
        let seen = Locked(0)
        let result = try await selfTest(graphs, of: bundle, tolerance: .singlePrecision) { _, _ in
            seen.withLock { $0 += 1; return $0 <= frames }
        }
        #expect(!result.pass)
        #expect(result.iou < 0.999, "\(result.detail)")
        #expect(result.maxAbs.isFinite)
    }

    private func configuration(_ format: String) -> Configuration {
        let variant = bundle.manifest.variants.first { $0.format == format && $0.precision == "fp32" }
        return Configuration(
            format: format, precision: "fp32", delegate: variant?.delegate, unit: .cpu, threads: format == "coreml" ? nil : 1)
    }

    private func loaded(_ configuration: Configuration) async throws -> LoadedGraphs {
        try await CheckedGraphs.shared.of(bundle, configuration)
    }

    private func leave(_ report: Report, as name: String) throws {
        if let folder = Told.results { try report.json.write(to: folder.appending(path: name)) }
    }

    /// Of no device that anybody has: what ran it is the worker, on this machine
    private let about = Circumstances(
        device: .init(model: "Pipe", os: "", soc: ""), appVersion: "tests", backendVersion: "",
        thermal: .init(start: nil, end: nil, samples: []),
        battery: .init(start: nil, end: nil, charging: nil, lowPower: nil), memoryPeakMB: nil)
}

/// The graphs of each configuration, whose artefacts are checked once for all tests: a debug build takes seconds to hash
/// them. Runners hold no state, so that tests may share them.
private actor CheckedGraphs {
    static let shared = CheckedGraphs()
    private var checked: [Configuration: LoadedGraphs] = [:]

    func of(_ bundle: TrackerBundle, _ configuration: Configuration) async throws -> LoadedGraphs {
        if let graphs = checked[configuration] { return graphs }
        let graphs = try await LoadedGraphs(of: bundle, configuration: configuration) { _, artifact, configuration in
            PipeRunner(
                artefact: .graph(artifact.graph), format: configuration.format, inputs: artifact.inputs,
                outputs: artifact.outputs)
        }
        checked[configuration] = graphs
        return graphs
    }
}

extension Tensor {
    /// Resizes a frame to this picture, by the nearest pixel: which filter it is does not matter here.
    fileprivate func take(_ frame: SyntheticFrame) {
        let side = shape[3]
        let rgb = (0..<side * side).flatMap { place -> [UInt8] in
            let (x, y) = (place % side * SyntheticFrame.width / side, place / side * SyntheticFrame.height / side)
            let from = 4 * (y * SyntheticFrame.width + x)
            return [frame.bgra[from + 2], frame.bgra[from + 1], frame.bgra[from]]
        }
        rgb.withUnsafeBufferPointer { fill(rgb: $0) }
    }
}
