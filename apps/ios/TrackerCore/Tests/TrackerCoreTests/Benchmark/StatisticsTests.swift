import Testing

@testable import TrackerCore

@Suite struct StatisticsTests {
    @Test("percentiles lie between the two nearest values in proportion")
    func percentilesLieBetweenTheTwoNearestValuesInProportion() {
        #expect(percentile([1, 2, 3, 4], 0.5) == 2.5)
        #expect(abs(percentile([1, 2, 3, 4], 0.9) - 3.7) < 1e-12)
        #expect(percentile([7], 0.99) == 7)
    }

    @Test("times are summed up whatever order they came in") func timesAreSummedUp() throws {
        let times = try #require(Times(of: [30, 10, 20]))
        #expect((times.p50, times.mean, times.n) == (20, 20, 3))
        #expect(abs(times.std - (200.0 / 3).squareRoot()) < 1e-9)
        #expect(Times(of: []) == nil)
    }

    @Test("one slow run moves the mean, and not the median") func oneSlowRunMovesTheMean() throws {
        let times = try #require(Times(of: [10, 10, 10, 10, 1000]))
        #expect((times.p50, times.mean) == (10, 208))
    }

    @Test("what gets slower shows in the medians of its periods") func whatGetsSlowerShowsInTheMediansOfItsPeriods() {
        #expect(medians([10, 10, 10, 20, 20, 40, 40], period: 30) == [10, 20, 40, 40])
        #expect(medians([10, 10, 10, 5, 5], period: 30) == [10], "less than a half is no period")
        #expect(medians([5], period: 30) == [5], "unless it is all that there is")
    }
}
