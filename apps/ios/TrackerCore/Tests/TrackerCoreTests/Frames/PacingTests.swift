import Testing

@testable import TrackerCore

@Suite struct PacingTests {
    @Test("the hotter the device, the fewer frames are followed, however long one takes", arguments: [0.001, 0.03, 0.1, 1])
    func theHotterTheDeviceTheFewerFramesAreFollowedHoweverLongOneTakes(took: Double) {
        let cool = followed(Pacing(), took: took)
        for (thermal, share) in zip(ThermalState.allCases, [1, 1, 0.5, 0.25]) {
            let found = followed(Pacing(thermal: thermal), took: took)
            #expect(abs(Double(found) - share * Double(cool)) <= 0.04 * Double(cool), "\(thermal)")
        }
    }

    @Test("in low-power mode at most half of the frames are followed")
    func inLowPowerModeAtMostHalfOfTheFramesAreFollowed() {
        let shares = ThermalState.allCases.map { Pacing(thermal: $0, isLowPower: true).share }
        #expect(shares == [0.5, 0.5, 0.5, 0.25])
    }

    @Test("a device that cooled down has all frames at once") func aDeviceThatCooledDownHasAllFramesAtOnce() {
        var pacing = Pacing(thermal: .critical)
        pacing.worked(from: 0, to: 1)
        #expect([1, 2, 3.9, 4].map(pacing.passes) == [false, false, false, true])
        pacing.thermal = .nominal
        #expect(pacing.passes(at: 1))
    }

    /// Of a minute of the camera, by a model that takes `took` s for a frame: one that comes meanwhile waits, the newest,
    /// and is asked about again when it has its turn.
    private func followed(_ pacing: Pacing, took: Double) -> Int {
        var (pacing, begun, waits, count) = (pacing, Double?.none, false, 0)
        func offer(at now: Double) {
            guard pacing.passes(at: now) else { return }
            if begun != nil {
                waits = true
            } else {
                begun = now
                count += 1
            }
        }
        for frame in 0..<1800 {
            let now = Double(frame) / 30
            if let start = begun, start + took <= now {
                pacing.worked(from: start, to: start + took)
                begun = nil
                if waits { offer(at: start + took) }
                waits = false
            }
            offer(at: now)
        }
        return count
    }
}
