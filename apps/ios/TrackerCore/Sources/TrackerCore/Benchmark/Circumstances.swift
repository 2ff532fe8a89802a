/// What the platform tells of a run, which `TrackerCore` cannot ask for. What it does not tell is nil.
public struct Circumstances: Sendable {
    public struct Device: Sendable {
        /// Such as "iPhone 15"
        public var model: String
        /// Name and version, such as "iOS 18.1"
        public var os: String
        /// Such as "A16 Bionic"; empty where nobody knows
        public var soc: String

        public init(model: String, os: String, soc: String) {
            (self.model, self.os, self.soc) = (model, os, soc)
        }
    }

    /// A device that is hot slows down.
    public struct Thermal: Sendable {
        public var start: ThermalState?
        public var end: ThermalState?
        /// In between, in their order
        public var samples: [ThermalState]

        public init(start: ThermalState?, end: ThermalState?, samples: [ThermalState]) {
            (self.start, self.end, self.samples) = (start, end, samples)
        }
    }

    /// One that is low on its battery does, too. Levels are from 0 to 1.
    public struct Battery: Sendable {
        public var start: Double?
        public var end: Double?
        public var charging: Bool?
        public var lowPower: Bool?

        public init(start: Double?, end: Double?, charging: Bool?, lowPower: Bool?) {
            (self.start, self.end, self.charging, self.lowPower) = (start, end, charging, lowPower)
        }
    }

    public var device: Device
    public var appVersion: String
    /// Runtime and version, such as "ExecuTorch 1.1.0"
    public var backendVersion: String
    public var thermal: Thermal
    public var battery: Battery
    public var memoryPeakMB: Double?

    public init(
        device: Device, appVersion: String, backendVersion: String, thermal: Thermal, battery: Battery,
        memoryPeakMB: Double?
    ) {
        (self.device, self.appVersion, self.backendVersion) = (device, appVersion, backendVersion)
        (self.thermal, self.battery, self.memoryPeakMB) = (thermal, battery, memoryPeakMB)
    }
}
