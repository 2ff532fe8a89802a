@preconcurrency import AVFoundation

/// Why the camera stands still although nobody stopped it, in words.
enum Interruptions {
    /// A sentence whenever the camera is taken away or fails, nil when it is back.
    static func stream() -> AsyncStream<String?> {
        AsyncStream { continuation in
            let listening = Task {
                await withTaskGroup(of: Void.self) { group in
                    group.addTask {
                        for await said in notifications(AVCaptureSession.wasInterruptedNotification).map(reason) {
                            continuation.yield(said)
                        }
                    }
                    group.addTask {
                        for await said in notifications(AVCaptureSession.runtimeErrorNotification).map(failure) {
                            continuation.yield(said)
                        }
                    }
                    group.addTask {
                        for await _ in notifications(AVCaptureSession.interruptionEndedNotification).map({ _ in true }) {
                            continuation.yield(nil)
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

    @Sendable private static func reason(_ notification: Notification) -> String {
        let code = notification.userInfo?[AVCaptureSessionInterruptionReasonKey] as? Int
        let known = code.flatMap(AVCaptureSession.InterruptionReason.init(rawValue:)).flatMap { reasons[$0] }
        return known ?? "The system stopped the camera: it goes on when it may."
    }

    @Sendable private static func failure(_ notification: Notification) -> String {
        let error = notification.userInfo?[AVCaptureSessionErrorKey] as? Error
        return "The camera failed (\(error?.localizedDescription ?? "no reason is given")): close it and open it again."
    }
}
