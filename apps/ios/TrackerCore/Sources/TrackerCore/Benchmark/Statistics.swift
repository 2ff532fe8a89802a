/// What many runs of one thing took, in few numbers; all in ms.
public struct Percentiles: Equatable, Sendable {
    public var p50: Double
    public var p90: Double

    public init(p50: Double, p90: Double) {
        self.p50 = p50
        self.p90 = p90
    }

    /// nil where there is no value
    init?(of values: [Double]) {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        self.init(p50: percentile(sorted, 0.5), p90: percentile(sorted, 0.9))
    }
}

public struct Times: Equatable, Sendable {
    public var p50: Double
    public var p90: Double
    public var p99: Double
    public var mean: Double
    /// Of single runs around their mean
    public var std: Double
    /// How many runs
    public var n: Int

    public init(p50: Double, p90: Double, p99: Double, mean: Double, std: Double, n: Int) {
        (self.p50, self.p90, self.p99, self.mean, self.std, self.n) = (p50, p90, p99, mean, std, n)
    }

    /// nil where nothing was timed
    init?(of samples: [Double]) {
        guard !samples.isEmpty else { return nil }
        let sorted = samples.sorted()
        let count = Double(sorted.count)
        mean = sorted.reduce(0, +) / count
        let mean = mean
        std = (sorted.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
        (p50, p90, p99) = (percentile(sorted, 0.5), percentile(sorted, 0.9), percentile(sorted, 0.99))
        n = sorted.count
    }
}

/// Of sorted values, of which there are some, between the two nearest in proportion, as NumPy has it.
func percentile(_ sorted: [Double], _ share: Double) -> Double {
    let place = share * Double(sorted.count - 1)
    let below = sorted[Int(place.rounded(.down))]
    let above = sorted[Int(place.rounded(.up))]
    return below + (above - below) * (place - place.rounded(.down))
}

/// Medians of periods one after the other, each of `period` ms: they tell whether what is done over and over gets slower.
/// The last has what is left, unless that is less than a half.
func medians(_ samples: [Double], period: Double) -> [Double] {
    var periods: [[Double]] = [[]]
    var begun = 0.0
    var now = 0.0
    for sample in samples {
        if now - begun >= period {
            begun = now
            periods.append([])
        }
        periods[periods.count - 1].append(sample)
        now += sample
    }
    if periods.count > 1, now - begun < period / 2 { periods.removeLast() }
    return periods.compactMap { Percentiles(of: $0)?.p50 }
}
