import Testing

@testable import TrackerCore

/// The gate by itself, and under the load that it is for: a camera at 30 frames a second, a model at 5.
@Suite struct LatestFrameGateTests {
    @Test("a frame that comes while another is in flight waits") func aFrameThatComesWhileAnotherIsInFlightWaits() async {
        let work = HeldWork<Int>()
        let gate = LatestFrameGate(work: { try await work($0) }, failed: { Issue.record($0) })
        gate.offer(0)
        #expect(await work.begun(0) == 0)
        gate.offer(1)
        await work.settled()
        #expect(work.count == 1)
        work.end(0)
        #expect(await work.begun(1) == 1)
        #expect(gate.dropped == 0)
        work.end(1)
        await gate.drained()
    }

    @Test("the newest frame takes the place of the one that waits, which is closed and counted")
    func theNewestFrameTakesThePlaceOfTheOneThatWaitsWhichIsClosedAndCounted() async {
        let (work, held) = (HeldWork<Int>(), Held())
        let gate = LatestFrameGate<Frame>(work: { try await work($0.number) }, failed: { Issue.record($0) })
        gate.offer(Frame(0, held))
        _ = await work.begun(0)
        for number in 1...3 { gate.offer(Frame(number, held)) }
        #expect(held.numbers == [0, 3], "what is dropped has no memory any more")
        #expect(gate.dropped == 2)
        work.end(0)
        #expect(await work.begun(1) == 3)
        #expect(held.numbers == [3])
        work.end(1)
        await gate.drained()
        #expect(held.numbers == [])
    }

    @Test("a frame that fails is reported, and the next has its turn") func aFrameThatFailsIsReportedAndTheNextHasItsTurn() async {
        let work = HeldWork<Int>()
        let errors = Locked([String]())
        let gate = LatestFrameGate<Int>(
            work: { try await work($0) }, failed: { error in errors.withLock { $0.append(error.localizedDescription) } })
        gate.offer(0)
        _ = await work.begun(0)
        gate.offer(1)
        work.end(0, .failure(RunnerError(sentence: "There is no memory left.")))
        #expect(await work.begun(1) == 1)
        #expect(errors.withLock { $0 } == ["There is no memory left."])
        work.end(1)
        await gate.drained()
    }

    @Test("a frame that waits can be given up, and the gate is drained once the one in flight ends")
    func aFrameThatWaitsCanBeGivenUpAndTheGateIsDrainedOnceTheOneInFlightEnds() async {
        let work = HeldWork<Int>()
        let isDrained = Locked(false)
        let gate = LatestFrameGate<Int>(work: { try await work($0) }, failed: { Issue.record($0) })
        gate.offer(0)
        _ = await work.begun(0)
        gate.offer(1)
        gate.close()
        let waiting = Task {
            await gate.drained()
            isDrained.withLock { $0 = true }
        }
        await work.settled()
        #expect(!isDrained.withLock { $0 })
        work.end(0)
        await waiting.value
        #expect(isDrained.withLock { $0 })
        #expect(work.count == 1)
    }

    @Test("a gate that is drained has no work again, whoever still offers frames") func aGateThatIsDrainedHasNoWorkAgain() async {
        let work = HeldWork<Int>()
        let gate = LatestFrameGate<Int>(work: { try await work($0) }, failed: { Issue.record($0) })
        gate.close()
        await gate.drained()
        gate.offer(0)
        await work.settled()
        #expect(work.count == 0)
        #expect(gate.dropped == 0, "it did not give way to a newer one")
    }

    @Test("with a model of 200 ms one frame is in flight, and masks are at most two of its periods old")
    func withAModelOf200MsOneFrameIsInFlightAndMasksAreAtMostTwoOfItsPeriodsOld() async {
        let (cameraMs, modelMs) = (33, 200)
        let (work, held) = (HeldWork<Int>(), Held())
        let gate = LatestFrameGate<Frame>(work: { try await work($0.number) }, failed: { Issue.record($0) })
        var ages: [Int] = []
        var ends: Int?
        var offered = 0
        for now in 0..<10_000 { // ms of a clock that the test turns
            if now == ends {
                ages.append(now - cameraMs * (await work.begun(ages.count)))
                work.end(ages.count - 1)
                _ = await work.begun(ages.count) // one waits
                ends = now + modelMs
            }
            if now % cameraMs == 0 {
                gate.offer(Frame(offered, held))
                offered += 1
                if ends == nil {
                    _ = await work.begun(0)
                    ends = now + modelMs
                }
            }
        }
        #expect(work.mostInFlight == 1)
        #expect(ages.count >= 47)
        #expect(ages.max()! <= 2 * modelMs)
        #expect(held.numbers.count <= 2, "no more frames hold memory")
        #expect(gate.dropped == offered - ages.count - held.numbers.count)
        gate.close()
        work.end(ages.count)
        await gate.drained()
    }

    @Test("whatever number of threads offers frames, one is in flight and none is lost") func manyThreadsMayOffer() async {
        let (inFlight, most, worked) = (Locked(0), Locked(0), Locked(0))
        let gate = LatestFrameGate<Int>(
            work: { _ in
                let now = inFlight.withLock { $0 += 1; return $0 }
                most.withLock { $0 = max($0, now) }
                await Task.yield()
                inFlight.withLock { $0 -= 1 }
                worked.withLock { $0 += 1 }
            },
            failed: { Issue.record($0) })
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { for frame in 0..<500 { gate.offer(frame) } } }
        }
        await gate.drained()
        #expect(most.withLock { $0 } == 1)
        #expect(worked.withLock { $0 } + gate.dropped == 8 * 500)
    }
}

/// The numbers of the frames that hold memory
private final class Held: Sendable {
    private let state = Locked(Set<Int>())

    var numbers: Set<Int> { state.withLock { $0 } }
    func add(_ number: Int) { state.withLock { _ = $0.insert(number) } }
    func remove(_ number: Int) { state.withLock { _ = $0.remove(number) } }
}

private final class Frame: Sendable {
    let number: Int
    private let held: Held

    init(_ number: Int, _ held: Held) {
        (self.number, self.held) = (number, held)
        held.add(number)
    }

    deinit { held.remove(number) }
}
