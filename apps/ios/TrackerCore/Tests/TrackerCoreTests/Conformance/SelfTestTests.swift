import Testing

@testable import TrackerCore

@Suite struct SelfTestTests {
    private let sequence = try! SmallSequence(maskLogits: CoveringGraphs.expectedMasks).read()

    @Test("every mask of every object agrees, followed, prompted, and prompted anew")
    func everyMaskOfEveryObjectAgreesFollowedPromptedAndPromptedAnew() async throws {
        #expect(try await result(sequence) == SelfTestResult(
            pass: true, iou: 1, maxAbs: 0, frames: 6, stopped: false,
            detail: "All 6 frames agree with PyTorch: mask IoU at least 1.0000, logits within 0."))
    }

    @Test("one mask that differs fails, and the sentence says which") func oneMaskThatDiffersFailsAndTheSentenceSaysWhich() async throws {
        var other = sequence
        other.maskLogits[sequence.place(object: 1, frame: 3).lowerBound] = -4 // one of its two pixels
        let result = try await result(other)
        #expect((result.pass, result.iou) == (false, 0.5))
        #expect(result.detail == "The mask of object 1 in frame 3 has an IoU of 0.5000 with PyTorch's, and 0.999 is the least "
            + "that passes; logits are off by up to 30.")
    }

    @Test("in another precision another tolerance passes") func inAnotherPrecisionAnotherTolerancePasses() async throws {
        var other = sequence
        other.maskLogits[sequence.place(object: 1, frame: 3).lowerBound] = -4
        #expect(try await result(other, tolerance: Tolerance(leastIoU: 0.9, leastUnion: 1)).pass)
    }

    @Test("what an object would be before its first prompt is not compared")
    func whatAnObjectWouldBeBeforeItsFirstPromptIsNotCompared() async throws {
        var other = sequence
        for frame in 0..<2 {
            for place in sequence.place(object: 1, frame: frame) { other.maskLogits[place] = 99 }
        }
        #expect(try await result(other).pass)
    }

    @Test("masks that say nothing prove nothing") func masksThatSayNothingProveNothing() async throws {
        var none = sequence
        none.maskLogits = none.maskLogits.map { _ in -1 }
        let result = try await result(none, of: CoveringGraphs(isBlind: true))
        #expect((result.pass, result.iou) == (false, 1))
        #expect(result.detail == "Fewer than half of the masks cover 1 to 99 % of their frame, so this proves nothing.")
    }

    @Test("a test that is stopped says how far it came") func aTestThatIsStoppedSaysHowFarItCame() async throws {
        let told = Locked([String]())
        let result = try await result(sequence) { _, what in told.withLock { $0.append(what); return $0.count <= 3 } }
        #expect((result.pass, result.frames, result.stopped) == (true, 3, true))
        #expect(result.detail.hasPrefix("The first 3 of 6 frames agree with PyTorch"))
        #expect(told.withLock { $0 } == ["Frame 1 of 6", "Frame 2 of 6", "Frame 3 of 6", "Frame 4 of 6"])
    }

    @Test("a test that is stopped before the first frame passes nothing") func stoppedBeforeTheFirstFrame() async throws {
        let result = try await result(sequence) { _, _ in false }
        #expect((result.pass, result.frames) == (false, 0))
        #expect(result.detail == "It was stopped before the first frame, so nothing is known.")
    }

    private func result(
        _ sequence: ConformanceSequence, of graphs: CoveringGraphs = CoveringGraphs(),
        tolerance: Tolerance = .singlePrecision, onProgress: OnProgress = { _, _ in true }
    ) async throws -> SelfTestResult {
        try await selfTest(
            graphs.graphs, state: CountingGraphs.state, sequence: sequence, tolerance: tolerance, onProgress: onProgress)
    }
}
