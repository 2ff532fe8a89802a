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

    /// Throws `RunnerError` where ExecuTorch cannot load the file, or where its inputs and outputs are not those that are
    /// listed.
    init(_ file: GraphFile) async throws {
        module = Module(filePath: file.url.path, loadMode: .mmap)
        let metadata: MethodMetadata
        do {
            try module.load(Self.method)
            metadata = try module.methodMetadata(Self.method)
        } catch {
            throw RunnerError(sentence:
                "ExecuTorch cannot load \(file.name) (\(error.localizedDescription)): choose another variant.")
        }
        let found = Self.found(metadata.outputTensorMetadata, file.outputs)
        (inputs, outputs) = (file.inputs, file.outputs ?? found.map(\.spec))
        try checkSignature("input", found: Self.found(metadata.inputTensorMetadata, inputs), listed: inputs)
        try checkSignature("output", found: found, listed: outputs)
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
            view.withUnsafeBytes { tensor.fill(from: $0) }
        }
    }

    /// Under the listed names, by their order
    private static func found(_ tensors: [Int: TensorMetadata], _ listed: [TensorSpec]?) -> [FoundTensor] {
        tensors.sorted { $0.key < $1.key }.map { place, tensor in
            let named = listed.flatMap { place < $0.count ? $0[place].name : nil }
            let isFloat = tensor.dataType == .float
            return FoundTensor(
                name: named ?? "number_\(place)", shape: tensor.shape, dtype: isFloat ? "float32" : "another type",
                isTaken: isFloat)
        }
    }
}
