import Foundation

public struct GraphTimes: Equatable, Sendable {
    public var times: Times
    /// Of its first run here, in ms
    public var firstMs: Double
    public var loadMs: Double
}

/// What a benchmark measured. `BenchmarkReport` makes of it the file that is saved.
public struct BenchmarkResult: Sendable {
    public var configuration: Configuration
    /// Of this configuration; nil where the bundle has none
    public var selfTest: SelfTestResult?
    /// Frames before those that are timed
    public var warmup: Int
    /// The graphs that run in every frame
    public var graphs: [String: GraphTimes]
    /// Of a camera's frame to the square that graphs take
    public var resize: Times
    /// Of frames, from the resize to the mask
    public var frames: Percentiles
    public var fps: Double
    /// Median ms of a frame in each half minute, in their order
    public var halfMinutes: [Double]
    /// How long was timed, and whether that was stopped before its end
    public var seconds: Double
    public var stopped: Bool
    public var startedAt: Date
}
