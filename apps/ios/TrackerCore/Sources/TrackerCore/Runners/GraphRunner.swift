/// The one interface between the app and a runtime: one graph of a bundle, loaded and ready. It is freed when nobody has
/// it any more.
public protocol GraphRunner: Sendable {
    var inputs: [TensorSpec] { get }
    var outputs: [TensorSpec] { get }

    /// Memory for an input or output that this runner uses without a copy. Throws where there is none left.
    func makeTensor(for spec: TensorSpec) throws -> Tensor

    /// Run once. `inputs` has every input and is not changed; every output that `outputs` names is written there. A tensor
    /// may not be among both: states are double-buffered. One run at a time.
    func run(_ inputs: [String: Tensor], into outputs: [String: Tensor]) async throws
}

extension GraphRunner {
    /// A tensor for each of `specs`, by name
    func makeTensors(for specs: [TensorSpec]) throws -> [String: Tensor] {
        try Dictionary(uniqueKeysWithValues: specs.map { ($0.name, try makeTensor(for: $0)) })
    }
}

/// A graph that does not load or run.
public struct RunnerError: Refusal {
    public let sentence: String

    public init(sentence: String) {
        self.sentence = sentence
    }
}
