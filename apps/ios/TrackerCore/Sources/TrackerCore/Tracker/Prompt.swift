/// A point of a prompt, in pixels of the model's square image.
public struct PromptPoint: Hashable, Sendable {
    public enum Label: Int, CaseIterable, Sendable {
        case beside = 0
        case on = 1
        case upperLeft = 2
        case lowerRight = 3
    }

    public let x: Float
    public let y: Float
    public let label: Label

    public init(x: Float, y: Float, label: Label) {
        self.x = x
        self.y = y
        self.label = label
    }
}

/// A prompt for an object, which starts anew with it.
public struct Prompt: Hashable, Sendable {
    /// How many points a graph takes
    public static let points = 4

    /// A label that says that there is no point: it has no effect whatever
    static let absent: Float = -2

    public let object: Int
    public let points: [PromptPoint]

    public init(object: Int, points: [PromptPoint]) {
        self.object = object
        self.points = points
    }

    /// Throws `PromptError` for no points, or more than a graph takes.
    func check() throws {
        guard 1...Self.points ~= points.count else {
            throw PromptError(sentence:
                "A prompt has 1 to \(Self.points) points, a box counting as two; \(points.count) were given.")
        }
    }

    /// As graphs take it: `points` [1, 4, 2] and `labels` [1, 4]
    func fill(points tensor: Tensor, labels: Tensor) {
        let absent = Self.points - points.count
        tensor.fill(from: points.flatMap { [$0.x, $0.y] } + Array(repeating: 0, count: 2 * absent))
        labels.fill(from: points.map { Float($0.label.rawValue) } + Array(repeating: Self.absent, count: absent))
    }
}

/// A prompt that no graph takes.
public struct PromptError: Refusal {
    public let sentence: String
}
