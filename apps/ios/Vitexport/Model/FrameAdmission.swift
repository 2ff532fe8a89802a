import TrackerCore

/// Which of the camera's frames are for the model: none without objects, and fewer where the device is hot or saves power.
final class FrameAdmission: Sendable {
    private struct State {
        var pacing = Pacing()
        var hasObjects = false
    }

    private let state = Locked(State())

    /// Whether a frame that comes, or has its turn, `now` is for the model, in s of `ProcessInfo.systemUptime`
    func passes(at now: Double) -> Bool {
        state.withLock { $0.hasObjects && $0.pacing.passes(at: now) }
    }

    func worked(from begun: Double, to ended: Double) {
        state.withLock { $0.pacing.worked(from: begun, to: ended) }
    }

    func objects(are present: Bool) {
        state.withLock { $0.hasObjects = present }
    }

    func device(is condition: DeviceCondition) {
        state.withLock { state in
            state.pacing.thermal = condition.thermal
            state.pacing.isLowPower = condition.isLowPower
        }
    }
}
