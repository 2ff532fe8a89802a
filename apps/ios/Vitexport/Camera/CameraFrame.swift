import CoreVideo
import TrackerCore

/// A picture of the camera: upright, not mirrored, and resized to the square that graphs take.
///
/// `@unchecked`: a pixel buffer is no `Sendable` type, and this one is written before the frame is made and by nobody
/// after. It goes back to its pool when the frame is let go of.
struct CameraFrame: @unchecked Sendable {
    /// BGRA, [side, side]
    let pixels: CVPixelBuffer
    /// s, of `ProcessInfo.systemUptime`
    let taken: Double

    /// Written into a picture that graphs take
    func fill(_ image: Tensor) {
        pixels.withImage(.readOnly) { image.fill(bgra: $0) }
    }
}
