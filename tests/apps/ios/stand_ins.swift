// The app's own types whose code needs Apple's SDK, by their declarations only: so that what uses them can be type-checked
// against the real TrackerCore. What they do is not here, and that they agree with the app's is a matter of review.

import Foundation
import TrackerCore

/// Foundation has these on Apple's systems only.
extension URL {
    static var cachesDirectory: URL { fatalError() }
    static var temporaryDirectory: URL { fatalError() }
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
    func start(_ facing: CameraFacing, receiver: FrameReceiver) async throws {}
    func stop() {}
    func turn(by angle: CGFloat) {}
}

final class FrameReceiver: Sendable {
    init(side: Int, wanted: @escaping @Sendable () -> Bool, deliver: @escaping @Sendable (CameraFrame) -> Void) throws {}
}

enum Interruptions {
    static func stream() -> AsyncStream<CameraEvent> { AsyncStream { _ in } }
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
    func end(version: String) -> Circumstances { fatalError() }
}

struct Runtime: Sendable {
    let version: String
    let load: @Sendable (GraphFile, ComputeUnit) async throws -> any GraphRunner
    static let all: [String: Runtime] = [:]
}
