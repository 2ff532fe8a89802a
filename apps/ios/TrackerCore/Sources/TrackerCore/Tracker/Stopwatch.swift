/// Milliseconds since it was made, by a clock that nobody sets.
public struct Stopwatch: Sendable {
    private let start = ContinuousClock.now

    public init() {}

    public var ms: Double {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return Double(seconds) * 1e3 + Double(attoseconds) * 1e-15
    }
}
