@preconcurrency import AVFoundation

/// What the system says of the camera's session.
enum Interruptions {
    static func stream() -> AsyncStream<CameraEvent> {
        AsyncStream { continuation in
            let listening = Task {
                await withTaskGroup(of: Void.self) { group in
                    group.addTask {
                        for await event in notifications(AVCaptureSession.wasInterruptedNotification).map(interruption) {
                            continuation.yield(event)
                        }
                    }
                    group.addTask {
                        for await event in notifications(AVCaptureSession.runtimeErrorNotification).map(failure) {
                            continuation.yield(event)
                        }
                    }
                    group.addTask {
                        for await _ in notifications(AVCaptureSession.interruptionEndedNotification).map({ _ in true }) {
                            continuation.yield(.back)
                        }
                    }
                }
            }
            continuation.onTermination = { _ in listening.cancel() }
        }
    }

    private static let reasons: [AVCaptureSession.InterruptionReason: String] = [
        .videoDeviceNotAvailableInBackground: "The camera stops while the app is in the background.",
        .videoDeviceInUseByAnotherClient: "Another app has the camera: close it.",
        .videoDeviceNotAvailableWithMultipleForegroundApps: "The camera needs the whole screen: close the app beside.",
        .videoDeviceNotAvailableDueToSystemPressure: "The device is too hot for the camera: let it cool down.",
    ]

    private static func notifications(_ name: Notification.Name) -> NotificationCenter.Notifications {
        NotificationCenter.default.notifications(named: name)
    }

    @Sendable private static func interruption(_ notification: Notification) -> CameraEvent {
        let code = notification.userInfo?[AVCaptureSessionInterruptionReasonKey] as? Int
        let known = code.flatMap(AVCaptureSession.InterruptionReason.init(rawValue:)).flatMap { reasons[$0] }
        return .stopped(known ?? "The system stopped the camera: it goes on when it may.")
    }

    @Sendable private static func failure(_ notification: Notification) -> CameraEvent {
        let error = notification.userInfo?[AVCaptureSessionErrorKey] as? Error
        if (error as? AVError)?.code == .mediaServicesWereReset { return .reset }
        let why = error?.localizedDescription ?? "no reason is given"
        return .stopped("The camera failed (\(why)): close it and open it again.")
    }
}
