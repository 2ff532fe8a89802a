import TrackerCore

/// What slows a device down.
struct DeviceCondition: Equatable, Sendable {
    var thermal = ThermalState.nominal
    var isLowPower = false

    /// What the person is told; nil where nothing is held back
    var words: String? {
        let pacing = Pacing(thermal: thermal, isLowPower: isLowPower)
        guard pacing.share < 1 else { return nil }
        let why = pacing.share == Pacing(thermal: thermal).share ? "The device is hot" : "The device saves power"
        return "\(why): \(pacing.share == 0.5 ? "half" : "a quarter") as many frames are followed."
    }
}
