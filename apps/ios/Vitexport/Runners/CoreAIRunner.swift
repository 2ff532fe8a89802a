#if canImport(CoreAI)
import CoreAI
import TrackerCore

/// Core AI, from iOS 27 on: one graph, which is the one function of its asset. Its arrays are made once and copied to and
/// from, since tensors here outlive a run and Core AI's views do not.
@available(iOS 27, *)
actor CoreAIRunner: GraphRunner {
    nonisolated let inputs: [TensorSpec]
    nonisolated let outputs: [TensorSpec]
    private let function: InferenceFunction
    private var arrays: [String: NDArray]

    private static let name = "main"

    /// Throws `RunnerError` where Core AI cannot load the asset, or where its inputs and outputs are not those that are
    /// listed.
    init(_ file: GraphFile, unit: ComputeUnit) async throws {
        do {
            let model = try await AIModel(contentsOf: file.url, options: Self.options(unit))
            guard let found = try model.loadFunction(named: Self.name) else {
                throw RunnerError(sentence: "\(file.name) has no function \(Self.name): export the model again.")
            }
            function = found
        } catch let refusal as RunnerError {
            throw refusal
        } catch {
            throw RunnerError(sentence:
                "Core AI cannot load \(file.name) (\(error.localizedDescription)): choose another variant.")
        }
        let description = function.descriptor
        let takes = description.inputNames.map { Self.found($0, description.inputDescriptor(of: $0)) }
        let gives = description.outputNames.map { Self.found($0, description.outputDescriptor(of: $0)) }
        (inputs, outputs) = (file.inputs, file.outputs ?? gives.map(\.spec))
        arrays = Dictionary(uniqueKeysWithValues: file.inputs.map {
            ($0.name, NDArray(shape: $0.shape, scalarType: .float32))
        })
        try checkSignature("input", found: takes, listed: inputs)
        try checkSignature("output", found: gives, listed: outputs)
    }

    nonisolated func makeTensor(for spec: TensorSpec) throws -> Tensor {
        Tensor(shape: spec.shape)
    }

    func run(_ inputs: [String: Tensor], into outputs: [String: Tensor]) async throws {
        for spec in self.inputs {
            guard let tensor = inputs[spec.name], var array = arrays.removeValue(forKey: spec.name) else {
                throw RunnerError(sentence: "The graph takes \(spec.name), which it was not given: report this.")
            }
            // Out of the dictionary, it has one owner, and is filled in place.
            let view = array.mutableView(as: Float.self)
            view.withUnsafeMutablePointer { pointer, _, _ in
                tensor.copy(to: UnsafeMutableBufferPointer(start: pointer, count: spec.count))
            }
            arrays[spec.name] = array
        }
        var given = try await run()
        for spec in self.outputs {
            guard let tensor = outputs[spec.name] else { continue }
            guard let array = given.remove(spec.name)?.ndArray else {
                throw RunnerError(sentence: "Core AI gave no \(spec.name): export the model again.")
            }
            let view = array.view(as: Float.self)
            guard view.isContiguous else {
                throw RunnerError(sentence: "Core AI gave \(spec.name) in another order: choose another variant.")
            }
            view.withUnsafePointer { pointer, _, _ in
                tensor.fill(from: UnsafeBufferPointer(start: pointer, count: spec.count))
            }
        }
    }

    private func run() async throws -> InferenceFunction.Outputs {
        do {
            return try await function.run(inputs: arrays)
        } catch {
            throw RunnerError(sentence:
                "Core AI did not run the graph (\(error.localizedDescription)): choose another variant.")
        }
    }

    private static func options(_ unit: ComputeUnit) -> SpecializationOptions {
        switch unit {
        case .all: .default
        case .cpu: .cpuOnly
        case .gpu: SpecializationOptions(preferredComputeUnitKind: .gpu)
        case .npu: SpecializationOptions(preferredComputeUnitKind: .neuralEngine)
        }
    }

    private static func found(_ name: String, _ description: InferenceValue.Descriptor?) -> FoundTensor {
        guard case .ndArray(let array) = description else {
            return FoundTensor(name: name, shape: [], dtype: "something else than an array", isTaken: false)
        }
        let taken = array.scalarType == .float32
        return FoundTensor(
            name: name, shape: array.shape, dtype: taken ? "float32" : "another type", isTaken: taken)
    }
}
#endif
