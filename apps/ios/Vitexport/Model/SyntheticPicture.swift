import Accelerate
import CoreVideo
import TrackerCore

extension PictureResizer {
    /// A frame of the benchmark, resized as the camera's are, into a picture that graphs take.
    func resize(_ frame: SyntheticFrame, into image: Tensor) throws {
        let square = frame.bgra.withUnsafeBytes { bytes in
            resized(vImage_Buffer(
                data: UnsafeMutableRawPointer(mutating: bytes.baseAddress), // which is only read
                height: vImagePixelCount(SyntheticFrame.height), width: vImagePixelCount(SyntheticFrame.width),
                rowBytes: 4 * SyntheticFrame.width))
        }
        guard let square else { throw CameraError("There is no memory for pictures: close other apps, and try again.") }
        square.withImage(.readOnly) { image.fill(bgra: $0) }
    }
}
