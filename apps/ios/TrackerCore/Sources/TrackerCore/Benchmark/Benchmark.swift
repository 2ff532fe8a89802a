import Foundation

/// The app's way to resize a frame into a picture [1, 3, S, S], whatever its memory
public typealias Resize = @Sendable (SyntheticFrame, Tensor) async throws -> Void

/// How fast the loaded graphs are: for some seconds all that a frame of the camera takes, one object followed, from the
/// resize to the mask. Nothing is shown meanwhile, and no frame is waited for.
public struct Benchmark: Sendable {
    private let loaded: LoadedGraphs
    private let bundle: TrackerBundle
    private let configuration: Configuration
    private let resize: Resize

    public init(
        _ loaded: LoadedGraphs, of bundle: TrackerBundle, configuration: Configuration, resize: @escaping Resize
    ) {
        (self.loaded, self.bundle, self.configuration, self.resize) = (loaded, bundle, configuration, resize)
    }

    /// Frames that are not timed: runtimes take memory, and compile, in the first ones
    private static let warmup = 5

    /// ms
    private static let halfMinute = 30_000.0

    /// Between two looks at whether to go on, in ms: they take time that is not the frame's
    private static let lookEvery = 250.0

    /// Follow a disc for `seconds`, at least for one frame, after the self-test: times of wrong masks are to be known as
    /// such. Both are on trackers of their own. Throws what the self-test and the graphs throw.
    public func run(seconds: Double, onProgress: OnProgress) async throws -> BenchmarkResult {
        let test = bundle.manifest.sequence == nil ? nil : try await selfTest(
            loaded.graphs, of: bundle, tolerance: bundle.manifest.tolerance(for: configuration)
        ) { await onProgress($0, "Self-test first. \($1)") }
        let startedAt = Date()
        let frames = SyntheticFrames()
        let follower = Follower(
            tracker: try Tracker(loaded.graphs, state: bundle.manifest.state), image: try loaded.graphs.makeImage(),
            resize: resize)
        let (firstMs, warmup) = try await warmedUp(follower, frames, onProgress)
        let timed = try await timedFrames(follower, frames, seconds: seconds, onProgress)
        let graphs = timed.graphs.map { graph, ms in
            let times = GraphTimes(
                times: Times(of: ms)!, firstMs: firstMs[graph] ?? ms[0], loadMs: loaded.loadMs[graph] ?? 0)
            return (graph, times)
        }
        return BenchmarkResult(
            configuration: configuration, selfTest: test, warmup: warmup,
            graphs: Dictionary(uniqueKeysWithValues: graphs), resize: Times(of: timed.resize)!,
            frames: Percentiles(of: timed.frames)!, fps: 1000 * Double(timed.frames.count) / timed.elapsed,
            halfMinutes: medians(timed.frames, period: Self.halfMinute), seconds: timed.elapsed / 1000,
            stopped: timed.stopped, startedAt: startedAt)
    }

    /// Graph -> ms of its first run, and how many frames were followed after the one with the prompt
    private func warmedUp(
        _ follower: Follower, _ frames: SyntheticFrames, _ onProgress: OnProgress
    ) async throws -> ([String: Double], Int) {
        let size = Double(bundle.manifest.model.imageSize)
        let disc = PromptPoint(
            x: Float(SyntheticFrames.disc.x * size), y: Float(SyntheticFrames.disc.y * size), label: .on)
        var firstMs = try await follower.follow(frames[0], prompts: [Prompt(object: 0, points: [disc])]).ms.compactMapValues(\.first)
        var warmup = 0
        while warmup < Self.warmup, await onProgress(0, "Warming up") {
            warmup += 1
            let ms = try await follower.follow(frames[warmup]).ms.compactMapValues(\.first)
            firstMs.merge(ms) { first, _ in first }
        }
        return (firstMs, warmup)
    }

    private func timedFrames(
        _ follower: Follower, _ frames: SyntheticFrames, seconds: Double, _ onProgress: OnProgress
    ) async throws -> Timed {
        var timed = Timed()
        let watch = Stopwatch()
        let end = 1000 * seconds
        var looked = 0.0
        var now = 0.0
        for count in (Self.warmup + 1)... {
            let (resizeMs, ms) = try await follower.follow(frames[count])
            timed.resize.append(resizeMs)
            timed.graphs.merge(ms, uniquingKeysWith: +)
            let done = watch.ms
            timed.frames.append(done - now)
            now = done
            if done - looked >= Self.lookEvery {
                looked = done
                timed.stopped = !(await onProgress(min(1, done / end), "Frames: \(timed.frames.count)"))
                now = watch.ms
            }
            if timed.stopped || now >= end { break }
        }
        timed.elapsed = watch.ms
        return timed
    }
}

/// What the clock adds up, in ms.
private struct Timed {
    var graphs: [String: [Double]] = [:]
    var resize: [Double] = []
    var frames: [Double] = []
    var elapsed = 0.0
    var stopped = false
}

private struct Follower {
    let tracker: Tracker
    let image: Tensor
    let resize: Resize

    func follow(_ frame: SyntheticFrame, prompts: [Prompt] = []) async throws -> (resize: Double, ms: [String: [Double]]) {
        let watch = Stopwatch()
        try await resize(frame, image)
        let resizeMs = watch.ms
        return (resizeMs, try await tracker.follow(image, prompts: prompts).ms)
    }
}
