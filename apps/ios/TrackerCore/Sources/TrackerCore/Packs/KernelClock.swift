/// Of a kernel, ms for one run.
public struct KernelTimes: Equatable, Sendable {
    public struct Spread: Equatable, Sendable {
        public var p90: Double
        public var p99: Double
        public var std: Double
    }

    public var p50: Double
    public var mean: Double
    public var n: Int
    /// Runs before those that are timed
    public var warmup: Int
    /// nil of blocks of several runs, which do not tell how single runs vary
    public var spread: Spread?
}

/// Times what may be too short for a clock: then a block of runs is timed, as long as many of its steps.
struct KernelClock {
    typealias Work = () async throws -> Void

    private let work: Work
    private let shortest: Double
    private var samples: [Double] = []
    private var block = 1
    private var warmup = 0

    /// Steps of the clock in a block: it is then right to 2 %
    private static let steps = 50.0

    /// Shortest block, in ms: what a call takes beside its work is then below a thousandth
    private static let blockMs = 1.0

    /// Runs before those that are timed, and how long they may take in all: what takes seconds is warm after one.
    private static let warmupRuns = 5
    private static let warmupMs = 500.0

    /// For each kernel in each round, in ms; one block at the least
    private static let roundMs = 40.0

    /// `step` is the clock's, in ms.
    init(step: Double, _ work: @escaping Work) {
        self.work = work
        shortest = max(Self.blockMs, Self.steps * step)
    }

    /// The least difference that the clock shows, in ms.
    static func step() -> Double {
        (0..<20).map { _ in
            let watch = Stopwatch()
            let before = watch.ms
            var after = before
            while after == before { after = watch.ms }
            return after - before
        }.min()!
    }

    /// Runs that are not timed, by the last of which the length of a block is chosen. Throws what the run throws.
    mutating func warmUp() async throws {
        let watch = Stopwatch()
        var fastest = Double.infinity
        repeat {
            fastest = min(fastest, try await timed(1))
            warmup += 1
        } while warmup < Self.warmupRuns && watch.ms < Self.warmupMs
        // More each time, until one block is long enough: a single run may be too short for the clock to see. One that
        // was interrupted is not long.
        var took = min(fastest, try await timed(1))
        while took < shortest {
            warmup += block
            block *= took > 0 ? min(16, Int((shortest / took).rounded(.up))) : 16
            took = try await timed(block)
        }
        warmup += block
    }

    /// One turn. Throws what the run throws.
    mutating func round() async throws {
        let watch = Stopwatch()
        repeat {
            samples.append(try await timed(block) / Double(block))
        } while watch.ms < Self.roundMs
    }

    /// nil before the first round
    var times: KernelTimes? {
        guard let times = Times(of: samples) else { return nil }
        return KernelTimes(
            p50: times.p50, mean: times.mean, n: times.n * block, warmup: warmup,
            spread: block > 1 ? nil : .init(p90: times.p90, p99: times.p99, std: times.std))
    }

    private func timed(_ runs: Int) async throws -> Double {
        let watch = Stopwatch()
        for _ in 0..<runs { try await work() }
        return watch.ms
    }
}
