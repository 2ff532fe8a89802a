import Testing

@testable import TrackerCore

@Suite struct KernelClockTests {
    @Test("the clock has a step, and it is a small one") func theClockHasAStep() {
        #expect(KernelClock.step() > 0)
        #expect(KernelClock.step() < 5)
    }

    @Test("what takes longer than a block is timed run by run, with how runs vary") func longWorkIsTimedRunByRun() async throws {
        let runs = Locked(0)
        var clock = KernelClock(step: 0.005) { busy(4, runs) }
        #expect(clock.times == nil)
        try await clock.warmUp()
        let before = runs.withLock { $0 }
        try await clock.round()
        let times = try #require(clock.times)
        #expect(times.warmup == before)
        #expect(times.n == runs.withLock { $0 } - before)
        #expect(times.p50 >= 4)
        #expect(times.spread!.p99 >= times.spread!.p90)
    }

    @Test("what is too short for the clock is timed in blocks, of which nobody knows how runs vary")
    func whatIsTooShortForTheClockIsTimedInBlocksOfWhichNobodyKnowsHowRunsVary() async throws {
        let runs = Locked(0)
        var clock = KernelClock(step: 0.1) { busy(0.02, runs) }
        try await clock.warmUp()
        let before = runs.withLock { $0 }
        try await clock.round()
        let times = try #require(clock.times)
        #expect(times.n == runs.withLock { $0 } - before)
        #expect(times.n > 100)
        #expect(times.p50 >= 0.02)
        #expect(times.spread == nil)
    }
}

/// Work of so many ms, which counts its runs.
func busy(_ ms: Double, _ runs: Locked<Int>) {
    runs.withLock { $0 += 1 }
    let watch = Stopwatch()
    while watch.ms < ms {}
}
