@preconcurrency import CoreML
import CoreVideo
import TrackerCore

/// Memory that Core ML reads and writes without a copy: a surface where the model takes pictures or half precision, which
/// the GPU and the Neural Engine share with the CPU, and an array otherwise.
///
/// `@unchecked`: the tracker has one run at a time, and a run writes no tensor that another reads.
final class CoreMLMemory: TensorMemory, @unchecked Sendable {
    /// What a run is given
    let value: MLFeatureValue
    /// What a run writes; nil for pictures, which no graph gives
    let array: MLMultiArray?
    let element: Tensor.Element
    let rowBytes: Int
    let byteCount: Int
    private let surface: CVPixelBuffer?

    /// For a feature that the model describes as `feature`. Throws `RunnerError` where there is no memory.
    init(_ feature: MLFeatureDescription) throws {
        if let picture = feature.imageConstraint {
            let surface = try Self.surface(
                kCVPixelFormatType_32BGRA, width: picture.pixelsWide, height: picture.pixelsHigh)
            value = MLFeatureValue(pixelBuffer: surface)
            (array, element, self.surface) = (nil, .bgra8, surface)
            (rowBytes, byteCount) = (CVPixelBufferGetBytesPerRow(surface), CVPixelBufferGetDataSize(surface))
            return
        }
        guard let constraint = feature.multiArrayConstraint else {
            throw RunnerError(sentence: "\(feature.name) is neither a picture nor an array: export the model again.")
        }
        let shape = constraint.shape.map(\.intValue)
        let columns = shape.last ?? 1
        if constraint.dataType == .float16 {
            let surface = try Self.surface(
                kCVPixelFormatType_OneComponent16Half, width: columns, height: shape.dropLast().reduce(1, *))
            let array = MLMultiArray(pixelBuffer: surface, shape: constraint.shape)
            value = MLFeatureValue(multiArray: array)
            (self.array, element, self.surface) = (array, .float16, surface)
            (rowBytes, byteCount) = (CVPixelBufferGetBytesPerRow(surface), CVPixelBufferGetDataSize(surface))
        } else {
            let array = try MLMultiArray(shape: constraint.shape, dataType: .float32)
            value = MLFeatureValue(multiArray: array)
            (self.array, element, surface) = (array, .float32, nil)
            rowBytes = columns * MemoryLayout<Float>.stride
            byteCount = array.count * MemoryLayout<Float>.stride
        }
    }

    func withBytes<Result>(_ body: (UnsafeMutableRawPointer) throws -> Result) rethrows -> Result {
        guard let surface else {
            return try array!.withUnsafeMutableBytes { bytes, _ in try body(bytes.baseAddress!) }
        }
        CVPixelBufferLockBaseAddress(surface, [])
        defer { CVPixelBufferUnlockBaseAddress(surface, []) }
        return try body(CVPixelBufferGetBaseAddress(surface)!)
    }

    private static func surface(_ format: OSType, width: Int, height: Int) throws -> CVPixelBuffer {
        let attributes = [kCVPixelBufferIOSurfacePropertiesKey: [:] as CFDictionary] as CFDictionary
        var made: CVPixelBuffer?
        CVPixelBufferCreate(nil, width, height, format, attributes, &made)
        guard let made else {
            throw RunnerError(sentence: "There is no memory for \(height) rows of \(width): choose a smaller model.")
        }
        return made
    }
}
