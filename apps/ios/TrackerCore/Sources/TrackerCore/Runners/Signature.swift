/// A tensor as a runtime finds it in a file.
public struct FoundTensor: Equatable, Sendable {
    public let name: String
    public let shape: [Int]
    /// The runtime's word for its type
    public let dtype: String
    /// Whether the runner hands the app's numbers over as this type
    public let isTaken: Bool

    public init(name: String, shape: [Int], dtype: String, isTaken: Bool) {
        self.name = name
        self.shape = shape
        self.dtype = dtype
        self.isTaken = isTaken
    }
}

/// Whether a file's inputs or outputs are those that its manifest lists: a graph with others would compute nonsense.
/// Throws `RunnerError` unless both have the same names, each with the same shape and in a type that the runner takes;
/// order is free. `what` is "input" or "output".
public func checkSignature(_ what: String, found: [FoundTensor], listed: [TensorSpec]) throws {
    var inFile = Dictionary(found.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    for spec in listed {
        guard let tensor = inFile.removeValue(forKey: spec.name) else {
            throw refusal("has no \(what) \(spec.name), which its manifest lists")
        }
        guard tensor.isTaken else {
            throw refusal("has \(what) \(spec.name) in \(tensor.dtype), which this app does not give or take")
        }
        guard tensor.shape == spec.shape else {
            throw refusal("has \(what) \(spec.name) \(tensor.shape), and its manifest says \(spec.shape)")
        }
    }
    if let name = inFile.keys.min() {
        throw refusal("has an \(what) \(name), which its manifest does not list")
    }
}

private func refusal(_ what: String) -> RunnerError {
    RunnerError(sentence: "The graph's file \(what): export the model again.")
}
