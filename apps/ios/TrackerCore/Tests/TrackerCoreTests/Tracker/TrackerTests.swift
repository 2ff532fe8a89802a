import Testing

@testable import TrackerCore

@Suite struct TrackerTests {
    @Test("an object is idle until it is prompted, then tracked") func anObjectIsIdleUntilItIsPromptedThenTracked() async throws {
        let tracker = try Tracker(CountingGraphs().graphs, state: CountingGraphs.state)
        #expect(try await tracker.statuses == [:])
        _ = try await tracker.masks(1, click(7))
        #expect(try await tracker.statuses == [7: .prompted])
        _ = try await tracker.masks(2)
        #expect(try await tracker.statuses == [7: .tracking])
    }

    @Test("an object is lost while its score is not above zero, and tracked again after")
    func anObjectIsLostWhileItsScoreIsNotAboveZeroAndTrackedAgainAfter() async throws {
        let tracker = try Tracker(CountingGraphs().graphs, state: CountingGraphs.state)
        _ = try await tracker.masks(1, click(7))
        for (score, status) in [(0, ObjectStatus.lost), (-3, .lost), (2, .tracking)] as [(Float, ObjectStatus)] {
            let object = try await tracker.follow(image(score)).objects[0]
            #expect(object.status == status)
            #expect(object.objectScore == score)
        }
    }

    @Test("a frame without objects has none") func aFrameWithoutObjectsHasNone() async throws {
        let tracker = try Tracker(CountingGraphs().graphs, state: CountingGraphs.state)
        #expect(try await tracker.follow(image(1)).objects.isEmpty)
    }

    @Test("a prompt is given to its graph in the fixed shape, absent points with it")
    func aPromptIsGivenToItsGraphInTheFixedShapeAbsentPointsWithIt() async throws {
        let tracker = try Tracker(CountingGraphs().graphs, state: CountingGraphs.state)
        #expect(try await tracker.masks(1, click(7, 5, 6)) == [7: [5, 6, 1, -2]])
    }

    @Test("a box is its upper left and lower right corner") func aBoxIsItsUpperLeftAndLowerRightCorner() {
        let (points, labels) = (Tensor(shape: [1, 4, 2]), Tensor(shape: [1, 4]))
        let corners = [PromptPoint(x: 1, y: 2, label: .upperLeft), PromptPoint(x: 3, y: 4, label: .lowerRight)]
        Prompt(object: 1, points: corners).fill(points: points, labels: labels)
        #expect(points.values == [1, 2, 3, 4, 0, 0, 0, 0])
        #expect(labels.values == [2, 3, -2, -2])
    }

    @Test("a prompt that is none is refused before anything runs")
    func aPromptThatIsNoneIsRefusedBeforeAnythingRuns() async throws {
        let counting = CountingGraphs()
        let tracker = try Tracker(counting.graphs, state: CountingGraphs.state)
        for count in [0, 5] {
            let points = Array(repeating: PromptPoint(x: 1, y: 2, label: .on), count: count)
            let sentence = "A prompt has 1 to 4 points, a box counting as two; \(count) were given."
            await #expect(throws: PromptError(sentence: sentence)) {
                try await tracker.follow(image(1), prompts: [Prompt(object: 1, points: points)])
            }
        }
        await #expect(throws: PromptError.self) { try await tracker.follow(image(1), prompts: [click(1), click(1)]) }
        #expect(counting.encode.runs == 0)
    }

    @Test("the state goes from frame to frame") func theStateGoesFromFrameToFrame() async throws {
        let tracker = try Tracker(CountingGraphs().graphs, state: CountingGraphs.state)
        _ = try await tracker.masks(10, click(7))
        #expect(try await tracker.masks(11) == [7: [0, 0, 0, 10]])
        #expect(try await tracker.masks(12) == [7: [11, 0, 0, 10]])
        #expect(try await tracker.masks(13) == [7: [12, 11, 0, 10]])
        #expect(try await tracker.masks(14) == [7: [13, 12, 11, 10]])
        #expect(try await tracker.masks(15) == [7: [14, 13, 12, 10]], "the oldest is dropped, the prompted one kept")
    }

    @Test("objects share the features of a frame, and nothing else")
    func objectsShareTheFeaturesOfAFrameAndNothingElse() async throws {
        let counting = CountingGraphs()
        let tracker = try Tracker(counting.graphs, state: CountingGraphs.state)
        _ = try await tracker.masks(10, click(1))
        _ = try await tracker.masks(11, click(2))
        #expect(try await tracker.masks(12) == [1: [11, 0, 0, 10], 2: [0, 0, 0, 11]])
        #expect(counting.encode.runs == 3)
    }

    @Test("an object that is prompted again starts anew, and the others go on")
    func anObjectThatIsPromptedAgainStartsAnewAndTheOthersGoOn() async throws {
        let counting = CountingGraphs()
        let tracker = try Tracker(counting.graphs, state: CountingGraphs.state)
        _ = try await tracker.masks(10, click(1), click(2))
        _ = try await tracker.masks(11)
        #expect(try await tracker.masks(12, click(2, 8, 9)) == [1: [11, 0, 0, 10], 2: [8, 9, 1, -2]])
        #expect(counting.step.runs == 3, "nothing was followed only to be forgotten")
        #expect(try await tracker.masks(13) == [1: [12, 11, 0, 10], 2: [0, 0, 0, 12]])
    }

    @Test("the step after a prompt is its own graph in a pooled model, and only that step")
    func theStepAfterAPromptIsItsOwnGraphInAPooledModelAndOnlyThatStep() async throws {
        let tracker = try Tracker(CountingGraphs(pooled: true).graphs, state: CountingGraphs.state)
        var marks: [Float] = []
        for prompts in [[click(1)], [], [], [click(1)], []] {
            marks.append(try await tracker.follow(image(1), prompts: prompts).objects[0].iou)
        }
        let (prompt, first, step) = (CountingGraphs.promptPoints, CountingGraphs.trackFirst, CountingGraphs.trackStep)
        #expect(marks == [prompt, first, step, prompt, first])
    }

    @Test("arrays are taken once, and the third frame is written where the first was")
    func arraysAreTakenOnceAndTheThirdFrameIsWrittenWhereTheFirstWas() async throws {
        let tracker = try Tracker(CountingGraphs().graphs, state: CountingGraphs.state)
        var memories: [any TensorMemory] = []
        for prompts in [[click(1)], [], [], [], [click(1)]] {
            memories.append(try await tracker.follow(image(1), prompts: prompts).objects[0].maskLogits.memory)
        }
        #expect(Set(memories.map(ObjectIdentifier.init)).count == 2)
        #expect(memories[0] === memories[2])
    }

    @Test("where a graph fails its error comes out, and every object is as it was")
    func whereAGraphFailsItsErrorComesOutAndEveryObjectIsAsItWas() async throws {
        for failing in [\CountingGraphs.encode, \.step, \.prompt] {
            let counting = CountingGraphs()
            let tracker = try Tracker(counting.graphs, state: CountingGraphs.state)
            _ = try await tracker.masks(10, click(1), click(2))
            _ = try await tracker.masks(11)
            let fault = RunnerError(sentence: "There is no memory left.")
            counting[keyPath: failing].failNext(fault)
            await #expect(throws: fault) { try await tracker.masks(-99, click(2), click(3)) }
            #expect(try await tracker.statuses == [1: .tracking, 2: .tracking])
            #expect(try await tracker.masks(12) == [1: [11, 0, 0, 10], 2: [11, 0, 0, 10]])
        }
    }

    @Test("an object that is forgotten is idle, and the others go on")
    func anObjectThatIsForgottenIsIdleAndTheOthersGoOn() async throws {
        let tracker = try Tracker(CountingGraphs().graphs, state: CountingGraphs.state)
        _ = try await tracker.masks(10, click(1), click(2))
        await tracker.forget(1)
        #expect(try await tracker.statuses == [2: .prompted])
        #expect(try await tracker.masks(11) == [2: [0, 0, 0, 10]])
        await tracker.forgetAll()
        #expect(try await tracker.masks(12) == [:])
    }

    @Test("an object that is forgotten while it is prompted is in no frame after", arguments: [true, false])
    func anObjectThatIsForgottenWhileItIsPromptedIsInNoFrameAfter(alone: Bool) async throws {
        let counting = CountingGraphs()
        let (starts, started) = AsyncStream.makeStream(of: Void.self)
        let (held, release) = AsyncStream.makeStream(of: Void.self)
        let graphs = TrackerGraphs(
            encodeImage: counting.encode,
            promptPoints: HeldGraph(graph: counting.prompt, started: started, release: held), trackFirst: nil,
            trackStep: counting.step)
        let tracker = try Tracker(graphs, state: CountingGraphs.state)
        async let followed = tracker.follow(image(10), prompts: [click(1)])
        for await _ in starts { break }
        if alone { await tracker.forget(1) } else { await tracker.forgetAll() }
        release.finish()
        _ = try await followed
        #expect(try await tracker.masks(11) == [:])
    }

    @Test("in the frame that was followed last, objects start anew from its features, the others stay")
    func inTheFrameThatWasFollowedLastObjectsStartAnewFromItsFeaturesTheOthersStay() async throws {
        let counting = CountingGraphs()
        let tracker = try Tracker(counting.graphs, state: CountingGraphs.state)
        _ = try await tracker.masks(10, click(1))
        _ = try await tracker.masks(11)
        let objects = try await tracker.restart([click(2)]).objects
        #expect(objects.map(\.id) == [1, 2])
        #expect(objects.map(\.status) == [.tracking, .prompted])
        #expect(counting.encode.runs == 2)
        #expect(try await tracker.masks(12) == [1: [11, 0, 0, 10], 2: [0, 0, 0, 11]])
    }

    @Test("each run of each graph is timed") func eachRunOfEachGraphIsTimed() async throws {
        let tracker = try Tracker(CountingGraphs().graphs, state: CountingGraphs.state)
        _ = try await tracker.masks(10, click(1), click(2))
        let ms = try await tracker.follow(image(11), prompts: [click(3)]).ms
        #expect(ms.mapValues(\.count) == ["encode_image": 1, "track_step": 2, "prompt_points": 1])
        #expect(ms.values.joined().allSatisfy { $0 >= 0 })
    }

    @Test("a frame that comes while another is followed is refused") func aFrameThatComesWhileAnotherIsFollowedIsRefused() async throws {
        let (started, release) = (AsyncStream<Void>.makeStream(), AsyncStream<Void>.makeStream())
        let counting = CountingGraphs()
        let graphs = TrackerGraphs(
            encodeImage: HeldGraph(graph: counting.encode, started: started.continuation, release: release.stream),
            promptPoints: counting.prompt, trackFirst: nil, trackStep: counting.step)
        let tracker = try Tracker(graphs, state: CountingGraphs.state)
        async let first = tracker.follow(image(1), prompts: [click(1)])
        for await _ in started.stream { break }
        await #expect(throws: TrackerError.self) { try await tracker.follow(image(2)) }
        release.continuation.finish()
        #expect(try await first.objects.count == 1)
    }
}

/// A graph whose runs wait to be let go.
private struct HeldGraph: GraphRunner {
    let graph: ComputedGraph
    let started: AsyncStream<Void>.Continuation
    let release: AsyncStream<Void>

    var inputs: [TensorSpec] { graph.inputs }
    var outputs: [TensorSpec] { graph.outputs }

    func makeTensor(for spec: TensorSpec) -> Tensor { graph.makeTensor(for: spec) }

    func run(_ inputs: [String: Tensor], into outputs: [String: Tensor]) async throws {
        started.yield()
        for await _ in release {}
        try await graph.run(inputs, into: outputs)
    }
}

private func image(_ number: Float) -> Tensor {
    let image = Tensor(shape: [3])
    image.fill(from: [number, 0, 0])
    return image
}

private func click(_ object: Int, _ x: Float = 5, _ y: Float = 6) -> Prompt {
    Prompt(object: object, points: [PromptPoint(x: x, y: y, label: .on)])
}

extension Tracker {
    /// The masks of a frame by object, copied, since the tracker writes over them
    fileprivate func masks(_ number: Float, _ prompts: Prompt...) async throws -> [Int: [Float]] {
        let objects = try await follow(image(number), prompts: prompts).objects
        return Dictionary(uniqueKeysWithValues: objects.map { ($0.id, $0.maskLogits.values) })
    }

    /// What each object was in the last frame
    fileprivate var statuses: [Int: ObjectStatus] {
        get async throws {
            Dictionary(uniqueKeysWithValues: try await restart([]).objects.map { ($0.id, $0.status) })
        }
    }
}
