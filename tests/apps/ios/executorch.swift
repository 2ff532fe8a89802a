// The module ExecuTorch by its public declarations only, as far as the app uses it (pytorch/executorch, release 1.x,
// extension/apple/ExecuTorch/Exported): so that the runner's types, and where it has to `try`, can be checked without Xcode.

public enum DataType { case float, other }

public protocol Scalar {}
extension Float: Scalar {}

public protocol ValueConvertible {}

public final class Tensor<T: Scalar>: ValueConvertible {
    public init(
        bytesNoCopy pointer: UnsafeMutableRawPointer, shape: [Int], strides: [Int] = [], dimensionOrder: [Int] = []
    ) {}
    public var count: Int { fatalError() }
    public func withUnsafeBytes<R>(_ body: (UnsafeBufferPointer<T>) throws -> R) rethrows -> R { fatalError() }
}

public final class Value {
    public func tensor<T: Scalar>() -> Tensor<T>? { fatalError() }
}

public final class TensorMetadata {
    public var shape: [Int] { fatalError() }
    public var dataType: DataType { fatalError() }
}

public final class MethodMetadata {
    public var inputTensorMetadata: [Int: TensorMetadata] { fatalError() }
    public var outputTensorMetadata: [Int: TensorMetadata] { fatalError() }
}

public enum ModuleLoadMode { case file, mmap }

public final class Module {
    public init(filePath: String, loadMode: ModuleLoadMode) {}
    public func load(_ method: String) throws {}
    public func methodMetadata(_ method: String) throws -> MethodMetadata { fatalError() }
    public func forward(_ inputs: [any ValueConvertible]) throws -> [Value] { fatalError() }
}
