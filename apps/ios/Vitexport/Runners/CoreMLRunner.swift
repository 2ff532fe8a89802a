@preconcurrency import CoreML
import TrackerCore

/// Core ML: one graph, on the compute units of its configuration.
actor CoreMLRunner: GraphRunner {
    nonisolated let inputs: [TensorSpec]
    nonisolated let outputs: [TensorSpec]
    /// `unsafe`: Core ML may be asked from any thread, and here one run is asked for at a time.
    private nonisolated(unsafe) let model: MLModel
    private let description: ModelDescription

    /// `compiled` is the file's model. Throws `RunnerError` where Core ML cannot load it, or where its inputs and outputs
    /// are not those that are listed.
    init(_ file: GraphFile, compiled: URL, unit: ComputeUnit) async throws {
        let configuration = MLModelConfiguration()
        configuration.computeUnits = Self.units[unit]!
        do {
            model = try await MLModel.load(contentsOf: compiled, configuration: configuration)
        } catch {
            throw RunnerError(sentence:
                "Core ML cannot load \(file.name) (\(error.localizedDescription)): choose another compute unit.")
        }
        description = ModelDescription(
            inputs: model.modelDescription.inputDescriptionsByName,
            outputs: model.modelDescription.outputDescriptionsByName)
        let found = description.outputs.values.map(Self.found)
        (inputs, outputs) = (file.inputs, file.outputs ?? found.map(\.spec))
        try checkSignature("input", found: description.inputs.values.map(Self.found), listed: inputs)
        try checkSignature("output", found: found, listed: outputs)
    }

    nonisolated func makeTensor(for spec: TensorSpec) throws -> Tensor {
        guard let feature = description.inputs[spec.name] ?? description.outputs[spec.name] else {
            throw RunnerError(sentence: "The graph's file has no \(spec.name): export the model again.")
        }
        let memory = try CoreMLMemory(feature)
        return Tensor(shape: spec.shape, element: memory.element, rowBytes: memory.rowBytes, memory: memory)
    }

    func run(_ inputs: [String: Tensor], into outputs: [String: Tensor]) async throws {
        let backings = try outputs.mapValues { try Self.memory($0).array }
        // Each run has its own: an actor lets another run begin while this one waits for Core ML.
        nonisolated(unsafe) let options = MLPredictionOptions()
        options.outputBackings = backings.compactMapValues { $0 }
        let features = TensorFeatures(try self.inputs.map { spec in
            guard let tensor = inputs[spec.name] else {
                throw RunnerError(sentence: "The graph takes \(spec.name), which it was not given: report this.")
            }
            return (spec.name, try Self.memory(tensor).value)
        })
        let given: any MLFeatureProvider
        do {
            given = try await model.prediction(from: features, options: options)
        } catch {
            throw RunnerError(sentence:
                "Core ML did not run the graph (\(error.localizedDescription)): choose another compute unit.")
        }
        // Core ML may leave a backing aside and give an array of its own, which the next run may write over.
        for (name, backing) in backings {
            guard let array = given.featureValue(for: name)?.multiArrayValue, array !== backing else { continue }
            try Self.copy(array, named: name, to: outputs[name]!)
        }
    }

    private static let units: [ComputeUnit: MLComputeUnits] = [
        .all: .all, .npu: .cpuAndNeuralEngine, .gpu: .cpuAndGPU, .cpu: .cpuOnly,
    ]

    private static func memory(_ tensor: Tensor) throws -> CoreMLMemory {
        guard let memory = tensor.memory as? CoreMLMemory else {
            throw RunnerError(sentence: "Core ML takes the memory that it made, and was given another: report this.")
        }
        return memory
    }

    private static func found(_ feature: MLFeatureDescription) -> FoundTensor {
        if let picture = feature.imageConstraint {
            let shape = [1, 3, picture.pixelsHigh, picture.pixelsWide]
            return FoundTensor(name: feature.name, shape: shape, dtype: "image", isTaken: true)
        }
        let type = feature.multiArrayConstraint?.dataType
        return FoundTensor(
            name: feature.name, shape: feature.multiArrayConstraint?.shape.map(\.intValue) ?? [],
            dtype: type.flatMap { types[$0] } ?? "another type", isTaken: type == .float32 || type == .float16)
    }

    private static let types: [MLMultiArrayDataType: String] = [
        .float16: "float16", .float32: "float32", .double: "float64", .int32: "int32",
    ]

    private static func copy(_ array: MLMultiArray, named name: String, to tensor: Tensor) throws {
        guard array.shape.map(\.intValue) == tensor.shape else {
            throw RunnerError(sentence: "Core ML gave \(name) in another shape than it says: choose another compute unit.")
        }
        let order = RowMajor(shape: tensor.shape, strides: array.strides.map(\.intValue))
        try array.withUnsafeBytes { bytes in
            switch (array.dataType, tensor.element) {
            case (.float32, .float32): order.gather(bytes.bindMemory(to: Float.self), into: tensor)
            case (.float16, .float16): order.gather(bytes.bindMemory(to: UInt16.self), into: tensor)
            default:
                throw RunnerError(sentence:
                    "Core ML gave \(name) in another type than it says: choose another compute unit.")
            }
        }
    }
}

/// What a model says of its inputs and outputs. `@unchecked`: nobody changes it.
private struct ModelDescription: @unchecked Sendable {
    let inputs: [String: MLFeatureDescription]
    let outputs: [String: MLFeatureDescription]
}

/// What a run is given, by name; the values are those of the tensors' memory. `@unchecked`: nobody changes it.
private final class TensorFeatures: MLFeatureProvider, @unchecked Sendable {
    let featureNames: Set<String>
    private let values: [String: MLFeatureValue]

    init(_ values: [(String, MLFeatureValue)]) {
        self.values = Dictionary(uniqueKeysWithValues: values)
        featureNames = Set(self.values.keys)
    }

    func featureValue(for featureName: String) -> MLFeatureValue? {
        values[featureName]
    }
}
