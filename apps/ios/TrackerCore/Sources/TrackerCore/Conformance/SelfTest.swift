import Foundation

/// Hears how far something is, as a share and in words, and says whether to go on.
public typealias OnProgress = @Sendable (_ share: Double, _ what: String) async -> Bool

/// Whether this device's masks are those of PyTorch.
public struct SelfTestResult: Equatable, Sendable {
    public var pass: Bool
    /// Of the worst frame of all objects
    public var iou: Double
    /// Largest |a − b| of the mask logits
    public var maxAbs: Double
    public var frames: Int
    /// Whether it was stopped before the last frame, and so proves less
    public var stopped: Bool
    /// One sentence: what agreed, or where it did not
    public var detail: String
}

/// Follow all objects of the bundle's sequence with graphs that are loaded, on their own tracker, and compare. Frames are
/// in the file as graphs take them: how the app resizes is no part of this. Throws `BundleError`, and what the graphs throw.
public func selfTest(
    _ graphs: TrackerGraphs, of bundle: TrackerBundle, tolerance: Tolerance, onProgress: OnProgress
) async throws -> SelfTestResult {
    try await selfTest(
        graphs, state: bundle.manifest.state, sequence: ConformanceSequence(of: bundle), tolerance: tolerance,
        onProgress: onProgress)
}

func selfTest(
    _ graphs: TrackerGraphs, state: [String: String], sequence: ConformanceSequence, tolerance: Tolerance,
    onProgress: OnProgress
) async throws -> SelfTestResult {
    let tracker = try Tracker(graphs, state: state)
    let image = try graphs.makeImage()
    let pixels = 3 * sequence.size * sequence.size
    var compared: [Compared] = []
    for frame in 0..<sequence.frames {
        let share = Double(frame) / Double(sequence.frames)
        guard await onProgress(share, "Frame \(frame + 1) of \(sequence.frames)") else {
            return SelfTestResult(compared, frames: frame, of: sequence.frames, tolerance)
        }
        sequence.pixels[frame * pixels..<(frame + 1) * pixels].withUnsafeBufferPointer { image.fill(rgb: $0) }
        for seen in try await tracker.follow(image, prompts: sequence.prompts[frame] ?? []).objects {
            let expected = sequence.maskLogits[sequence.place(object: seen.id, frame: frame)]
            compared.append(Compared(object: seen.id, frame: frame, expected, seen.maskLogits.values, tolerance))
        }
    }
    return SelfTestResult(compared, frames: sequence.frames, of: sequence.frames, tolerance)
}

/// An object's mask in a frame, against PyTorch's.
private struct Compared {
    let object: Int
    let frame: Int
    let agreement: Agreement

    init(object: Int, frame: Int, _ expected: ArraySlice<Float>, _ actual: [Float], _ tolerance: Tolerance) {
        (self.object, self.frame) = (object, frame)
        agreement = expected.withUnsafeBufferPointer { expected in
            actual.withUnsafeBufferPointer {
                Agreement(expected: expected, actual: $0, leastUnion: tolerance.leastUnion)
            }
        }
    }
}

extension SelfTestResult {
    fileprivate init(_ compared: [Compared], frames: Int, of all: Int, _ tolerance: Tolerance) {
        self.frames = frames
        stopped = frames < all
        maxAbs = compared.map(\.agreement.maxAbs).max() ?? 0
        guard let worst = compared.min(by: { $0.agreement.iou < $1.agreement.iou }) else {
            (pass, iou) = (false, 0)
            detail = "It was stopped before the first frame, so nothing is known."
            return
        }
        iou = worst.agreement.iou
        let saying = compared.count { $0.agreement.saysSomething }
        pass = iou >= tolerance.leastIoU && 2 * saying >= compared.count
        if iou < tolerance.leastIoU {
            detail = "The mask of object \(worst.object) in frame \(worst.frame) has an IoU of "
                + String(format: "%.4f with PyTorch's, and %g is the least that passes; logits are off by up to %.2g.",
                    iou, tolerance.leastIoU, maxAbs)
        } else if !pass {
            detail = "Fewer than half of the masks cover 1 to 99 % of their frame, so this proves nothing."
        } else {
            let followed = stopped ? "The first \(frames) of \(all) frames" : "All \(frames) frames"
            detail = "\(followed) agree with PyTorch: "
                + String(format: "mask IoU at least %.4f, logits within %.2g.", iou, maxAbs)
        }
    }
}
