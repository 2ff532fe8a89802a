import Foundation
import TrackerCore

/// What the app has open: a bundle, its graphs, and the objects that are followed. All that models do, they do here or in
/// their runners, and never on the main thread.
actor Engine {
    private let opening: Opening
    private var ready: Ready?
    /// Whether the long run that is under way, such as a benchmark, is to end
    private var stopped = false

    private struct Ready {
        let opened: Opened
        let tracker: Tracker
        /// [1, 3, S, S], written over by each frame
        let image: Tensor
    }

    init(crashes: CrashMemory) {
        opening = Opening(crashes: crashes, formats: Set(Runtime.all.keys)) { manifest in
            { url, artifact, configuration in
                try await Runtime.load(GraphFile(url, artifact, in: manifest), configuration.format, configuration.unit)
            }
        }
    }

    /// Open the bundle in the app's resources, in the way that is chosen; `isAsked` where a person does so now. What was
    /// open is freed first: a phone has no room for two. Throws what reading and loading throw.
    func open(chosen: Configuration?, isAsked: Bool) async throws -> Opened {
        ready = nil
        let source = try Opening.source(in: Bundle.main.resourceURL)
        let opened = try await opening.open(source, chosen: chosen, isAsked: isAsked)
        ready = Ready(
            opened: opened, tracker: try Tracker(opened.loaded.graphs, state: opened.bundle.manifest.state),
            image: try opened.loaded.graphs.makeImage())
        return opened
    }

    /// Follow all objects to a frame, and start those anew that are prompted in it. One frame at a time.
    func follow(_ frame: CameraFrame, prompts: [Prompt]) async throws -> SeenFrame {
        let ready = try opened()
        frame.fill(ready.image)
        return try await ready.tracker.follow(ready.image, prompts: prompts)
    }

    func forget(_ object: Int) async {
        await ready?.tracker.forget(object)
    }

    func forgetAll() async {
        await ready?.tracker.forgetAll()
    }

    /// On the graphs that are loaded, beside the objects that are followed
    func selfTest(onProgress: @escaping OnProgress) async throws -> SelfTestResult {
        let (bundle, graphs, way) = try loaded()
        return try await TrackerCore.selfTest(
            graphs.graphs, of: bundle, tolerance: bundle.manifest.tolerance(for: way), onProgress: going(onProgress))
    }

    /// For so many seconds, after a self-test
    func benchmark(seconds: Double, onProgress: @escaping OnProgress) async throws -> BenchmarkResult {
        let (bundle, graphs, way) = try loaded()
        let resizer = Locked(try PictureResizer(side: bundle.manifest.model.imageSize))
        let benchmark = Benchmark(graphs, of: bundle, configuration: way) { frame, image in
            try resizer.withLock { try $0.resize(frame, into: image) }
        }
        return try await benchmark.run(seconds: seconds, onProgress: going(onProgress))
    }

    /// Time the kernels of a pack in a folder. It needs no bundle, and leaves alone the one that is open.
    func time(packIn folder: URL, onProgress: @escaping OnProgress) async throws -> PackResult {
        let pack = try Pack(opening: BundleFolder(folder))
        let (format, unit) = (pack.manifest.runtime.rawValue, pack.manifest.unit)
        guard Runtime.all[format] != nil else {
            throw EngineError(sentence:
                "This app does not run \(format): make a pack with vitexport bench --pack kernels.zip --target iphone15.")
        }
        defer { CompiledFolder.deleteKernels() }
        var run = PackRun(of: pack, threads: nil, load: { url, kernel in
            try await Runtime.load(GraphFile(url, kernel), format, unit)
        }, onProgress: going(onProgress))
        return try await run.result()
    }

    /// Stop a self-test, a benchmark or a pack: it answers with what it has.
    func stop() {
        stopped = true
    }

    /// Progress of a run that begins now, and goes on until it is stopped
    private func going(_ onProgress: @escaping OnProgress) -> OnProgress {
        stopped = false
        return { share, what in
            let goesOn = await onProgress(share, what)
            return await self.isGoing && goesOn
        }
    }

    private var isGoing: Bool { !stopped }

    private func opened() throws -> Ready {
        guard let ready else { throw EngineError(sentence: "No bundle is open: see Settings for why.") }
        return ready
    }

    private func loaded() throws -> (TrackerBundle, LoadedGraphs, Configuration) {
        let opened = try opened().opened
        return (opened.bundle, opened.loaded, opened.configuration)
    }
}

extension Runtime {
    /// Throws `EngineError` for a format that nothing here runs, and what loading throws.
    static func load(_ file: GraphFile, _ format: String, _ unit: ComputeUnit) async throws -> any GraphRunner {
        guard let runtime = all[format] else {
            throw EngineError(sentence: "This app does not run \(format): choose another variant.")
        }
        return try await runtime.load(file, unit)
    }
}
