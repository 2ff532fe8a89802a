/// How hot the device is, in the words of `ProcessInfo.ThermalState`.
public enum ThermalState: String, CaseIterable, Codable, Sendable {
    case nominal, fair, serious, critical
}

/// When the next frame is for the model: later where the device is hot or saves power, so that it cools down before the
/// system slows it down. To hold back every second frame of the camera would spare a model nothing that takes longer than
/// two, so it rests after a frame in proportion to what that took. A quick one does in proportion to the camera's time.
public struct Pacing: Sendable {
    public var thermal: ThermalState
    public var isLowPower: Bool
    /// When work on the last frame began, and what it took, in s
    private var last = (begun: -Double.infinity, took: 0.0)

    /// Of the frames that a cool device follows
    private static let shares: [ThermalState: Double] = [.nominal: 1, .fair: 1, .serious: 0.5, .critical: 0.25]
    private static let shareInLowPower = 0.5

    /// s; less than the time between two frames of the camera, 30 a second, which do not come evenly
    private static let cameraFrame = 0.03

    public init(thermal: ThermalState = .nominal, isLowPower: Bool = false) {
        self.thermal = thermal
        self.isLowPower = isLowPower
    }

    /// Of the frames that a cool device follows: 1 where nothing is held back
    public var share: Double {
        min(Self.shares[thermal]!, isLowPower ? Self.shareInLowPower : 1)
    }

    /// Whether a frame whose turn is `now`, in s, is for the model
    public func passes(at now: Double) -> Bool {
        share == 1 || now >= last.begun + max(last.took, Self.cameraFrame) / share
    }

    /// A frame was worked on, in s.
    public mutating func worked(from begun: Double, to ended: Double) {
        last = (begun, ended - begun)
    }
}
