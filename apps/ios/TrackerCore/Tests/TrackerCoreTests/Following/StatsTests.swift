import Testing

@testable import TrackerCore

/// What is said of speed, from times that are known.
@Suite struct StatsTests {
    @Test("the rate is that of the masks shown") func theRateIsThatOfTheMasksShown() {
        let summary = stats(run(0, [100, 100, 100, 100, 100])).summary
        #expect(summary.fps == 10)
        #expect(summary.frame == Percentiles(p50: 100, p90: 100))
        #expect(summary.graphs == ["encode_image": Percentiles(p50: 50, p90: 50)])
        #expect((summary.dropped, summary.followed) == (5, 5))
    }

    @Test("a break is no slow frame") func aBreakIsNoSlowFrame() {
        let summary = stats(run(0, [100, 100]) + run(60_000, [50, 50, 50])).summary
        #expect(summary.fps == 20)
        #expect(summary.dropped == 5)
    }

    @Test("a model that takes seconds for a frame has a rate") func aModelThatTakesSecondsForAFrameHasARate() {
        #expect(stats(run(0, [4000, 4000, 4000])).summary.fps == 0.25)
    }

    @Test("the time that a picture waits for its turn is not that of a frame")
    func theTimeThatAPictureWaitsForItsTurnIsNotThatOfAFrame() {
        let waited = FrameTimes(taken: 0, begun: 150, shown: 350, graphs: [:], dropped: 0)
        #expect(stats([waited]).summary.frame == Percentiles(p50: 200, p90: 200))
    }

    @Test("a graph that ran in some frames only is described by those")
    func aGraphThatRanInSomeFramesOnlyIsDescribedByThose() {
        let frames = [
            FrameTimes(taken: 0, begun: 0, shown: 30, graphs: ["encode_image": 10, "prompt_points": 7], dropped: 0),
            FrameTimes(taken: 30, begun: 30, shown: 60, graphs: ["encode_image": 10, "track_step": 12], dropped: 0),
        ]
        #expect(stats(frames).summary.graphs["prompt_points"] == Percentiles(p50: 7, p90: 7))
    }

    @Test("only the last frames count") func onlyTheLastFramesCount() {
        let stats = stats(run(0, Array(repeating: 100, count: 90) + Array(repeating: 20, count: 90)))
        #expect(stats.summary.frame == Percentiles(p50: 20, p90: 20))
        #expect(stats.frames.count == 90)
    }

    @Test("without frames nothing is said") func withoutFramesNothingIsSaid() {
        #expect(Stats().summary == Stats.Summary(fps: nil, frame: nil, graphs: [:], dropped: 0, followed: 0))
    }

    private func stats(_ frames: [FrameTimes]) -> Stats {
        var stats = Stats()
        for frame in frames { stats.add(frame) }
        return stats
    }

    /// Frames one after the other, each of so many ms
    private func run(_ from: Double, _ frames: [Double]) -> [FrameTimes] {
        var shown = from
        return frames.map { ms in
            defer { shown += ms }
            return FrameTimes(taken: shown, begun: shown, shown: shown + ms, graphs: ["encode_image": ms / 2], dropped: 1)
        }
    }
}
