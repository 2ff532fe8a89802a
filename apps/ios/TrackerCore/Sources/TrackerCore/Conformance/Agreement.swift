/// The least that passes.
public struct Tolerance: Hashable, Sendable {
    public var leastIoU: Double
    /// The share of the frame that the union of two masks counts as at least
    public var leastUnion: Double

    public static let singlePrecision = Tolerance(leastIoU: 0.999, leastUnion: 0)

    public init(leastIoU: Double, leastUnion: Double) {
        self.leastIoU = leastIoU
        self.leastUnion = leastUnion
    }
}

/// How far a mask is from PyTorch's.
struct Agreement: Equatable {
    /// Intersection over union of what is positive; of two empty masks 1, and 0 where a logit is not finite
    let iou: Double
    /// Largest |a − b| of the logits; infinite where one is not finite
    let maxAbs: Double
    /// Whether the expected mask covers 1 to 99 % of the frame: an empty mask agrees with too much
    let saysSomething: Bool

    private init(iou: Double, maxAbs: Double, saysSomething: Bool) {
        (self.iou, self.maxAbs, self.saysSomething) = (iou, maxAbs, saysSomething)
    }

    /// Logits of one mask, as many of each. `leastUnion` is that of `Tolerance`.
    init(expected: UnsafeBufferPointer<Float>, actual: UnsafeBufferPointer<Float>, leastUnion: Double) {
        var (differ, either, covered) = (0, 0, 0)
        var maxAbs: Float = 0
        for place in expected.indices {
            let (one, other) = (expected[place], actual[place])
            let difference = abs(one - other)
            guard difference.isFinite else {
                self.init(iou: 0, maxAbs: .infinity, saysSomething: true)
                return
            }
            maxAbs = max(maxAbs, difference)
            if one > 0 { covered += 1 }
            if one > 0 || other > 0 { either += 1 }
            if (one > 0) != (other > 0) { differ += 1 }
        }
        let size = Double(expected.count)
        let union = max(Double(either), leastUnion * size)
        let share = Double(covered) / size
        self.init(
            iou: union == 0 ? 1 : 1 - Double(differ) / union, maxAbs: Double(maxAbs),
            saysSomething: 0.01...0.99 ~= share)
    }
}
