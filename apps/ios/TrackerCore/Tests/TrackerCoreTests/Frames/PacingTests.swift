import Testing

@testable import TrackerCore

@Suite struct PacingTests {
    @Test("the hotter the device, the fewer frames pass") func theHotterTheDeviceTheFewerFramesPass() {
        let passed = ThermalState.allCases.map { passes(of: 12, Pacing(thermal: $0)) }
        #expect(passed == [12, 12, 6, 3])
    }

    @Test("in low-power mode at most every other frame passes") func inLowPowerModeAtMostEveryOtherFramePasses() {
        let passed = ThermalState.allCases.map { passes(of: 12, Pacing(thermal: $0, isLowPower: true)) }
        #expect(passed == [6, 6, 6, 3])
    }

    @Test("a device that cooled down has all frames at once") func aDeviceThatCooledDownHasAllFramesAtOnce() {
        var pacing = Pacing(thermal: .critical)
        #expect((0..<6).map { _ in pacing.passes() } == [false, false, false, true, false, false])
        pacing.thermal = .nominal
        #expect((0..<3).map { _ in pacing.passes() } == [true, true, true])
    }

    private func passes(of frames: Int, _ pacing: Pacing) -> Int {
        var pacing = pacing
        return (0..<frames).count { _ in pacing.passes() }
    }
}
