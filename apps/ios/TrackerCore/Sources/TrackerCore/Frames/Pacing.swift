/// How hot the device is, in the words of `ProcessInfo.ThermalState`.
public enum ThermalState: String, CaseIterable, Codable, Sendable {
    case nominal, fair, serious, critical
}

/// How many of the camera's frames are offered to the model: fewer where the device is hot or saves power, so that it
/// cools down before the system slows it down.
public struct Pacing: Sendable {
    public var thermal: ThermalState
    public var isLowPower: Bool
    /// Frames that were held back since the last that passed
    private var heldBack = 0

    /// Of so many frames one passes.
    private static let everyFrame: [ThermalState: Int] = [.nominal: 1, .fair: 1, .serious: 2, .critical: 4]
    private static let everyFrameInLowPower = 2

    public init(thermal: ThermalState = .nominal, isLowPower: Bool = false) {
        self.thermal = thermal
        self.isLowPower = isLowPower
    }

    /// Of so many frames of the camera one passes: 1 where all do
    public var oneOf: Int {
        max(Self.everyFrame[thermal]!, isLowPower ? Self.everyFrameInLowPower : 1)
    }

    /// Whether the frame that came now is for the model
    public mutating func passes() -> Bool {
        heldBack += 1
        if heldBack < oneOf { return false }
        heldBack = 0
        return true
    }
}
