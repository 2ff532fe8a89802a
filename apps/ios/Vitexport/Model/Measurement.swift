import TrackerCore
import UIKit

/// What the device tells of a run: gathered from before it to after it, with the screen kept on.
@MainActor
final class Measurement {
    private let thermalAtStart = DeviceWatch.now.thermal
    private let batteryAtStart: Double?
    private var samples: [ThermalState] = []
    private var watching: Task<Void, Never>?

    init() {
        UIApplication.shared.isIdleTimerDisabled = true
        UIDevice.current.isBatteryMonitoringEnabled = true
        batteryAtStart = Self.battery
        watching = Task { [weak self] in
            for await now in DeviceWatch.conditions() { self?.samples.append(now.thermal) }
        }
    }

    /// It is over. `version` is the runtime's.
    func end(version: String) -> Circumstances {
        watching?.cancel()
        UIApplication.shared.isIdleTimerDisabled = false
        let device = UIDevice.current
        let state = device.batteryState
        return Circumstances(
            device: .init(model: Self.hardware, os: "\(device.systemName) \(device.systemVersion)", soc: ""),
            appVersion: Bundle.main.object(forInfoDictionaryKey: "CFBundleShortVersionString") as? String ?? "",
            backendVersion: version,
            thermal: .init(start: thermalAtStart, end: DeviceWatch.now.thermal, samples: samples),
            battery: .init(
                start: batteryAtStart, end: Self.battery,
                charging: state == .unknown ? nil : state != .unplugged, lowPower: DeviceWatch.now.isLowPower),
            memoryPeakMB: Self.peakMB)
    }

    /// 0 to 1; nil where nobody knows, as in a simulator
    private static var battery: Double? {
        let level = UIDevice.current.batteryLevel
        return level < 0 ? nil : Double(level)
    }

    /// Such as "iPhone16,1": the system tells no other name, and the person may put it right
    private static var hardware: String {
        var names = utsname()
        uname(&names)
        return withUnsafeBytes(of: &names.machine) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    /// Of the process's resident memory, since it began
    private static var peakMB: Double? {
        var usage = rusage()
        guard getrusage(RUSAGE_SELF, &usage) == 0 else { return nil }
        return Double(usage.ru_maxrss) / 1e6
    }
}
