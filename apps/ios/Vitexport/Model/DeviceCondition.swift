import TrackerCore

/// What slows a device down.
struct DeviceCondition: Equatable, Sendable {
    var thermal = ThermalState.nominal
    var isLowPower = false

    /// What the person is told; nil where nothing is held back
    var words: String? {
        let pacing = Pacing(thermal: thermal, isLowPower: isLowPower)
        guard pacing.oneOf > 1 else { return nil }
        let why = pacing.oneOf == Pacing(thermal: thermal).oneOf ? "The device is hot" : "The device saves power"
        return "\(why): one of \(pacing.oneOf) frames is followed."
    }
}
