/// What a graph takes or gives, as the manifest lists it.
public struct TensorSpec: Hashable, Sendable {
    public enum DType: String, CaseIterable, Sendable {
        case float32
        /// Of artefacts in half precision: the app gives and takes it
        case float16
        /// An RGB picture, which only Core ML takes
        case image
    }

    /// What a tensor's numbers are.
    public enum Kind: String, CaseIterable, Sendable {
        case image, features, points, mask, score, memory, pointers, flags
        case pointLabels = "point_labels"
        case maskLogits = "mask_logits"
        case classScores = "class_scores"
        case labelScores = "label_scores"
    }

    public let name: String
    /// Extents, outermost first
    public let shape: [Int]
    public let dtype: DType
    public let kind: Kind

    public init(name: String, shape: [Int], dtype: DType = .float32, kind: Kind) {
        self.name = name
        self.shape = shape
        self.dtype = dtype
        self.kind = kind
    }

    /// How many numbers it has
    public var count: Int { shape.reduce(1, *) }
}
