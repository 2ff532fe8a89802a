// The app's own types whose code needs Apple's SDK, by their declarations: so that what uses them can be type-checked, and
// tested, against the real TrackerCore. They do as little as the tests need, and that they agree with the app's is a matter
// of review.

import Foundation
import TrackerCore

/// Foundation has these on Apple's systems only.
extension URL {
    static var cachesDirectory: URL { FileManager.default.temporaryDirectory }
    static var temporaryDirectory: URL { FileManager.default.temporaryDirectory }
}

/// Dispatch has it on Apple's systems only.
final class DispatchSerialQueue: Sendable {
    init(label: String, qos: DispatchQoS) {}
    func asUnownedSerialExecutor() -> UnownedSerialExecutor { fatalError() }
}

struct CameraFrame: Sendable {
    let taken: Double
    func fill(_ image: Tensor) {}
}

final class PictureResizer {
    init(side: Int) throws {}
    func resize(_ frame: SyntheticFrame, into image: Tensor) throws {}
}

actor Camera {
    private(set) var starts = 0
    private(set) var receiver: FrameReceiver?

    func start(_ facing: CameraFacing, receiver: FrameReceiver) async throws {
        (starts, self.receiver) = (starts + 1, receiver)
    }

    func stop() { receiver = nil }
    func turn(by angle: CGFloat) {}
}

final class FrameReceiver: Sendable {
    let wanted: @Sendable () -> Bool
    let deliver: @Sendable (CameraFrame) -> Void

    init(side: Int, wanted: @escaping @Sendable () -> Bool, deliver: @escaping @Sendable (CameraFrame) -> Void) throws {
        (self.wanted, self.deliver) = (wanted, deliver)
    }
}

enum Interruptions {
    /// To whoever listens; `unsafe`: a test tells one thing at a time.
    nonisolated(unsafe) private(set) static var tell: ((CameraEvent) -> Void)?

    static func stream() -> AsyncStream<CameraEvent> {
        AsyncStream { continuation in tell = { continuation.yield($0) } }
    }
}

struct MaskFrame: Sendable {}

final class MaskTextures: Sendable {
    init(side: Int) throws {}
    func take(_ seen: [SeenObject]) -> MaskFrame? { nil }
}

enum DeviceWatch {
    static func conditions() -> AsyncStream<DeviceCondition> { AsyncStream { _ in } }
}

@MainActor
final class Measurement {
    func end(version: String) -> Circumstances {
        Circumstances(
            device: .init(model: "", os: "", soc: ""), appVersion: "", backendVersion: version,
            thermal: .init(start: nil, end: nil, samples: []),
            battery: .init(start: nil, end: nil, charging: nil, lowPower: nil), memoryPeakMB: nil)
    }
}

struct Runtime: Sendable {
    let version: String
    let load: @Sendable (GraphFile, ComputeUnit) async throws -> any GraphRunner
    /// `unsafe`: a test sets it before it makes an app.
    nonisolated(unsafe) static var all: [String: Runtime] = [:]
}
