import ExecuTorch
import Foundation
import TrackerCore

/// ExecuTorch: one graph in its own program, with the kernels that are linked, XNNPACK's among them.
///
/// A program knows its inputs and outputs by their order only, which is that of the manifest.
actor ExecuTorchRunner: GraphRunner {
    static let version = "1.4.1"

    nonisolated let inputs: [TensorSpec]
    nonisolated let outputs: [TensorSpec]
    private let module: Module

    /// ExecuTorch blocks while it runs: it has a thread of its own, not one of all tasks.
    private let queue = DispatchSerialQueue(label: "vitexport.executorch", qos: .userInitiated)
    nonisolated var unownedExecutor: UnownedSerialExecutor {
        queue.asUnownedSerialExecutor()
    }

    private static let method = "forward"

    /// Throws `RunnerError` where ExecuTorch cannot load the file, or where its inputs and outputs are not those of
    /// `artifact`.
    init(file: URL, artifact: Manifest.Artifact) async throws {
        (inputs, outputs) = (artifact.inputs, artifact.outputs)
        module = Module(filePath: file.path, loadMode: .mmap)
        let metadata: MethodMetadata
        do {
            try module.load(Self.method)
            metadata = try module.methodMetadata(Self.method)
        } catch {
            throw RunnerError(sentence:
                "ExecuTorch cannot load \(artifact.graph) (\(error.localizedDescription)): choose another variant.")
        }
        try Self.check("input", metadata.inputTensorMetadata, inputs)
        try Self.check("output", metadata.outputTensorMetadata, outputs)
    }

    nonisolated func makeTensor(for spec: TensorSpec) throws -> TrackerCore.Tensor {
        let memory = ExecuTorchMemory(shape: spec.shape)
        return TrackerCore.Tensor(shape: spec.shape, element: .float32, rowBytes: memory.rowBytes, memory: memory)
    }

    func run(_ inputs: [String: TrackerCore.Tensor], into outputs: [String: TrackerCore.Tensor]) async throws {
        let views = try self.inputs.map { spec in
            guard let memory = inputs[spec.name]?.memory as? ExecuTorchMemory else {
                throw RunnerError(sentence: "ExecuTorch takes \(spec.name) in memory that it made: report this.")
            }
            return memory.view
        }
        let given: [Value]
        do {
            given = try module.forward(views)
        } catch {
            throw RunnerError(sentence:
                "ExecuTorch did not run the graph (\(error.localizedDescription)): choose another variant.")
        }
        // What it gives lies in the program's own memory, which the next run writes over.
        for (spec, value) in zip(self.outputs, given) {
            guard let tensor = outputs[spec.name] else { continue }
            guard let view: ExecuTorch.Tensor<Float> = value.tensor(), view.count == spec.count else {
                throw RunnerError(sentence: "ExecuTorch gave no \(spec.name): export the model again.")
            }
            try view.withUnsafeBytes { tensor.fill(from: $0) }
        }
    }

    private static func check(_ what: String, _ found: [Int: TensorMetadata], _ listed: [TensorSpec]) throws {
        let tensors = found.sorted { $0.key < $1.key }.map { place, tensor in
            FoundTensor(
                name: place < listed.count ? listed[place].name : "number \(place)", shape: tensor.shape,
                dtype: tensor.dataType == .float ? "float32" : "another type", isTaken: tensor.dataType == .float)
        }
        try checkSignature(what, found: tensors, listed: listed)
    }
}
