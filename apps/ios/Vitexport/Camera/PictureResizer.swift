import Accelerate
import CoreVideo

/// Resizes pictures to the square that graphs take, whose aspect ratio is not that of the picture. Memory comes from a
/// pool and is taken once. For one thread at a time.
final class PictureResizer {
    /// One that is written, one that waits, one in flight, and one for a frame that comes before the last is let go of
    private static let mostBuffers = 4

    private let pool: CVPixelBufferPool
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
            throw CameraError("There is no memory for the camera's pictures: close other apps, and open this one again.")
        }
        pool = made
    }

    deinit {
        scratch?.deallocate()
    }

    /// A BGRA picture of any size, resized; nil where all buffers are still in use, so that the picture is dropped.
    func resized(_ picture: CVPixelBuffer) -> CVPixelBuffer? {
        let most = [kCVPixelBufferPoolAllocationThresholdKey: Self.mostBuffers] as CFDictionary
        var made: CVPixelBuffer?
        CVPixelBufferPoolCreatePixelBufferWithAuxAttributes(nil, pool, most, &made)
        guard let square = made else { return nil }
        CVPixelBufferLockBaseAddress(picture, .readOnly)
        CVPixelBufferLockBaseAddress(square, [])
        defer {
            CVPixelBufferUnlockBaseAddress(square, [])
            CVPixelBufferUnlockBaseAddress(picture, .readOnly)
        }
        var source = Self.image(picture)
        var target = Self.image(square)
        // vImage's filter (Lanczos) averages where it shrinks, and does not care in which order the channels are.
        let needed = vImageScale_ARGB8888(&source, &target, nil, vImage_Flags(kvImageGetTempBufferSize))
        guard needed >= 0 else { return nil }
        reserve(needed)
        let failed = vImageScale_ARGB8888(&source, &target, scratch, vImage_Flags(kvImageNoFlags))
        return failed == kvImageNoError ? square : nil
    }

    private func reserve(_ bytes: Int) {
        guard bytes > scratchBytes else { return }
        scratch?.deallocate()
        scratch = .allocate(byteCount: bytes, alignment: 64)
        scratchBytes = bytes
    }

    private static func image(_ pixels: CVPixelBuffer) -> vImage_Buffer {
        vImage_Buffer(
            data: CVPixelBufferGetBaseAddress(pixels),
            height: vImagePixelCount(CVPixelBufferGetHeight(pixels)),
            width: vImagePixelCount(CVPixelBufferGetWidth(pixels)),
            rowBytes: CVPixelBufferGetBytesPerRow(pixels)
        )
    }
}
