@preconcurrency import AVFoundation

/// Takes the camera's pictures on a queue of its own, and hands on those that are wanted, resized.
///
/// `@unchecked`: the resizer is used on `queue` only, where the camera calls; nothing else changes.
final class FrameReceiver: NSObject, AVCaptureVideoDataOutputSampleBufferDelegate, @unchecked Sendable {
    let queue = DispatchQueue(label: "vitexport.frames", qos: .userInteractive)
    private let resizer: PictureResizer
    private let wanted: @Sendable () -> Bool
    private let deliver: @Sendable (CameraFrame) -> Void

    /// `wanted` is asked of each picture before any work is done for it.
    init(
        side: Int, wanted: @escaping @Sendable () -> Bool, deliver: @escaping @Sendable (CameraFrame) -> Void
    ) throws {
        resizer = try PictureResizer(side: side)
        self.wanted = wanted
        self.deliver = deliver
    }

    func captureOutput(
        _ output: AVCaptureOutput, didOutput sampleBuffer: CMSampleBuffer, from connection: AVCaptureConnection
    ) {
        let taken = ProcessInfo.processInfo.systemUptime
        guard wanted(), let picture = CMSampleBufferGetImageBuffer(sampleBuffer),
            let pixels = resizer.resized(picture)
        else { return }
        deliver(CameraFrame(pixels: pixels, taken: taken))
    }
}
