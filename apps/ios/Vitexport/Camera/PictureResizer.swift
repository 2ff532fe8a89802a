import Accelerate
import CoreVideo

/// Resizes pictures to the square that graphs take, whose aspect ratio is not that of the picture. Memory comes from a
/// pool and is taken once. For one thread at a time.
final class PictureResizer {
    /// One that is written, one that waits, one in flight, and one for a frame that comes before the last is let go of
    private static let mostBuffers = 4

    private let pool: CVPixelBufferPool
    private let threshold = [kCVPixelBufferPoolAllocationThresholdKey: mostBuffers] as CFDictionary
    private var scratch: UnsafeMutableRawPointer?
    private var scratchBytes = 0

    /// Throws `CameraError` where there is no memory. `side` is the manifest's `image_size`.
    init(side: Int) throws {
        let attributes: [CFString: Any] = [
            kCVPixelBufferPixelFormatTypeKey: kCVPixelFormatType_32BGRA,
            kCVPixelBufferWidthKey: side,
            kCVPixelBufferHeightKey: side,
            kCVPixelBufferIOSurfacePropertiesKey: [:] as CFDictionary,
        ]
        var made: CVPixelBufferPool?
        CVPixelBufferPoolCreate(nil, nil, attributes as CFDictionary, &made)
        guard let made else {
            throw CameraError("There is no memory for pictures: close other apps, and open this one again.")
        }
        pool = made
    }

    deinit {
        scratch?.deallocate()
    }

    /// A BGRA picture of any size, resized; nil where all buffers are still in use, so that the picture is dropped.
    func resized(_ picture: CVPixelBuffer) -> CVPixelBuffer? {
        picture.withImage(.readOnly, resized)
    }

    /// The same of a picture in other memory
    func resized(_ picture: vImage_Buffer) -> CVPixelBuffer? {
        var made: CVPixelBuffer?
        CVPixelBufferPoolCreatePixelBufferWithAuxAttributes(nil, pool, threshold, &made)
        guard let square = made else { return nil }
        let failed = square.withImage([]) { scale(picture, to: $0) }
        return failed == kvImageNoError ? square : nil
    }

    /// vImage's filter (Lanczos) averages where it shrinks, and does not care in which order the channels are.
    private func scale(_ picture: vImage_Buffer, to square: vImage_Buffer) -> vImage_Error {
        var (source, target) = (picture, square)
        let needed = vImageScale_ARGB8888(&source, &target, nil, vImage_Flags(kvImageGetTempBufferSize))
        guard needed >= 0 else { return needed }
        if needed > scratchBytes {
            scratch?.deallocate()
            scratch = .allocate(byteCount: needed, alignment: 64)
            scratchBytes = needed
        }
        return vImageScale_ARGB8888(&source, &target, scratch, vImage_Flags(kvImageNoFlags))
    }
}

extension CVPixelBuffer {
    /// Its pixels, which stay where they are until `body` returns.
    func withImage<Result>(_ access: CVPixelBufferLockFlags, _ body: (vImage_Buffer) -> Result) -> Result {
        CVPixelBufferLockBaseAddress(self, access)
        defer { CVPixelBufferUnlockBaseAddress(self, access) }
        return body(vImage_Buffer(
            data: CVPixelBufferGetBaseAddress(self),
            height: vImagePixelCount(CVPixelBufferGetHeight(self)),
            width: vImagePixelCount(CVPixelBufferGetWidth(self)),
            rowBytes: CVPixelBufferGetBytesPerRow(self)))
    }
}
