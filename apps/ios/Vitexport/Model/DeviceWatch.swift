import Foundation
import TrackerCore

/// How hot the device is, and whether it saves power, as the system tells.
enum DeviceWatch {
    static var now: DeviceCondition {
        let info = ProcessInfo.processInfo
        return DeviceCondition(thermal: words[info.thermalState] ?? .nominal, isLowPower: info.isLowPowerModeEnabled)
    }

    /// What it is now, and whenever that changes
    static func conditions() -> AsyncStream<DeviceCondition> {
        AsyncStream { continuation in
            let listening = Task {
                await withTaskGroup(of: Void.self) { group in
                    for name in [ProcessInfo.thermalStateDidChangeNotification, .NSProcessInfoPowerStateDidChange] {
                        group.addTask {
                            for await now in NotificationCenter.default.notifications(named: name).map({ _ in now }) {
                                continuation.yield(now)
                            }
                        }
                    }
                }
            }
            continuation.yield(now)
            continuation.onTermination = { _ in listening.cancel() }
        }
    }

    private static let words: [ProcessInfo.ThermalState: ThermalState] = [
        .nominal: .nominal, .fair: .fair, .serious: .serious, .critical: .critical,
    ]
}
