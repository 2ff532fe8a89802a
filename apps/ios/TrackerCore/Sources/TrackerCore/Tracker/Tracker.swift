/// Follows objects from frame to frame: which graph runs on what, and where the state is that goes from one frame to the
/// next. All that is computed is computed by graphs.
///
/// An object is idle until it is prompted, then tracked, and lost while its score says that it is out of sight.
public actor Tracker {
    private let graphs: TrackerGraphs
    /// Output -> the input that it is in the next step
    private let state: [String: String]
    private let features: [String: Tensor]
    private let promptInputs: [String: Tensor]
    private var objects: [FollowedObject] = []
    private var isBusy = false
    /// Those that are prompted in the frame in flight, and were not forgotten meanwhile
    private var starting: Set<Int> = []

    /// `state` is the manifest's. Throws where there is no memory for what graphs give.
    public init(_ graphs: TrackerGraphs, state: [String: String]) throws {
        self.graphs = graphs
        self.state = state
        features = try graphs.encodeImage.makeTensors(for: graphs.encodeImage.outputs)
        let prompt = graphs.promptPoints.inputs.filter { $0.name != "features" }
        promptInputs = try graphs.promptPoints.makeTensors(for: prompt).merging(features) { $1 }
    }

    /// Follow all objects to a frame, `image` [1, 3, S, S], but those that are prompted in it: they start anew. One frame
    /// at a time. Where a graph fails, its error is thrown, and all objects are as they were in the frame before.
    /// Throws `PromptError` for a prompt of no points, or of more than a graph takes.
    public func follow(_ image: Tensor, prompts: [Prompt] = []) async throws -> SeenFrame {
        try check(prompts)
        isBusy = true
        starting = Set(prompts.map(\.object))
        defer { isBusy = false }
        var run = Run()
        try await run("encode_image", graphs.encodeImage, ["image": image], features)
        let prompted = Set(prompts.map(\.object))
        let stepped = objects.filter { !prompted.contains($0.id) }
        for object in stepped {
            if object.status == .prompted, let first = graphs.trackFirst {
                try await run("track_first", first, object.inputs, object.spare)
            } else {
                try await run("track_step", graphs.trackStep, object.inputs, object.spare)
            }
        }
        let started = try await start(prompts, &run)
        for object in stepped { object.advance(to: object.spareScore > 0 ? .tracking : .lost) }
        return seen(started, run)
    }

    /// Start objects anew in the frame that was followed last, whose features are still there. Others stay as they were
    /// found in it: to follow them to the same frame once more would fill their memory with it.
    public func restart(_ prompts: [Prompt]) async throws -> SeenFrame {
        try check(prompts)
        isBusy = true
        starting = Set(prompts.map(\.object))
        defer { isBusy = false }
        var run = Run()
        return seen(try await start(prompts, &run), run)
    }

    /// No longer follow an object. It may be in the frame that is in flight, and is in none after that.
    public func forget(_ object: Int) {
        objects.removeAll { $0.id == object }
        starting.remove(object)
    }

    public func forgetAll() {
        objects = []
        starting = []
    }

    /// Before anything runs
    private func check(_ prompts: [Prompt]) throws {
        // an actor answers others while it waits for a graph
        guard !isBusy else { throw TrackerError(sentence: "The frame before is not done: follow one at a time.") }
        for prompt in prompts { try prompt.check() }
        if Set(prompts.map(\.object)).count < prompts.count {
            throw PromptError(sentence: "An object is prompted twice in one frame; pass all its points in one prompt.")
        }
    }

    private func start(_ prompts: [Prompt], _ run: inout Run) async throws -> [FollowedObject] {
        var started: [FollowedObject] = []
        for prompt in prompts {
            let object = try objects.first { $0.id == prompt.object }
                ?? FollowedObject(id: prompt.object, step: graphs.trackStep, state: state, features: features)
            prompt.fill(points: promptInputs["points"]!, labels: promptInputs["labels"]!)
            try await run("prompt_points", graphs.promptPoints, promptInputs, object.spare)
            started.append(object)
        }
        return started
    }

    private func seen(_ started: [FollowedObject], _ run: Run) -> SeenFrame {
        for object in started {
            object.advance(to: .prompted)
            let isNew = !objects.contains { $0.id == object.id }
            if isNew, starting.contains(object.id) { objects.append(object) }
        }
        return SeenFrame(objects: objects.map(\.seen), ms: run.ms)
    }
}

/// What the tracker does not do.
public struct TrackerError: Refusal {
    public let sentence: String
}

/// Runs graphs, and notes what each run took.
private struct Run {
    /// Graph -> ms of each run
    private(set) var ms: [String: [Double]] = [:]

    mutating func callAsFunction(
        _ name: String, _ graph: any GraphRunner, _ inputs: [String: Tensor], _ outputs: [String: Tensor]
    ) async throws {
        let watch = Stopwatch()
        try await graph.run(inputs, into: outputs)
        ms[name, default: []].append(watch.ms)
    }
}
