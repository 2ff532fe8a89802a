import ExecuTorch
import TrackerCore

/// Plain memory, and ExecuTorch's view of it, which is made once.
///
/// `@unchecked`: the tracker has one run at a time, and a run writes no tensor that another reads.
final class ExecuTorchMemory: TensorMemory, @unchecked Sendable {
    let view: ExecuTorch.Tensor<Float>
    private let plain: TrackerCore.Tensor

    init(shape: [Int]) {
        let plain = TrackerCore.Tensor(shape: shape)
        self.plain = plain
        // The memory outlives the view: both are this object's.
        view = plain.memory.withBytes { ExecuTorch.Tensor<Float>(bytesNoCopy: $0, shape: shape) }
    }

    var rowBytes: Int { plain.rowBytes }
    var byteCount: Int { plain.memory.byteCount }

    func withBytes<Result>(_ body: (UnsafeMutableRawPointer) throws -> Result) rethrows -> Result {
        try plain.memory.withBytes(body)
    }
}
