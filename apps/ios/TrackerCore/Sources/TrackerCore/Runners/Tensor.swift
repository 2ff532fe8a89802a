import Foundation

/// Memory that a runtime reads and writes, such as a surface that it shares with another processor.
public protocol TensorMemory: AnyObject, Sendable {
    /// How many bytes it has, from the first on
    var byteCount: Int { get }

    /// Its first byte, at which a processor may look until `body` returns
    func withBytes<Result>(_ body: (UnsafeMutableRawPointer) throws -> Result) rethrows -> Result
}

/// Numbers in memory that is best for the runner that made it; whoever has the tensor keeps the memory alive.
public struct Tensor: Sendable {
    public enum Element: Sendable {
        case float32
        /// As bit patterns: `Float16` does not exist on every Mac
        case float16
        /// A picture [1, 3, S, S] as S rows of S pixels of four bytes: blue, green, red and one that nobody reads
        case bgra8

        /// Of one column of a row
        fileprivate var bytes: Int { self == .float16 ? 2 : 4 }
    }

    public let shape: [Int]
    public let element: Element
    /// From one row, which is of the last extent, to the next; surfaces have them padded
    public let rowBytes: Int
    public let memory: any TensorMemory

    /// What lies in memory that is too small for it would be written beside it: such a tensor is a fault of the program.
    public init(shape: [Int], element: Element, rowBytes: Int, memory: any TensorMemory) {
        precondition(
            Self.fits(shape, element, rowBytes: rowBytes, byteCount: memory.byteCount), "a tensor lies within its memory")
        self.shape = shape
        self.element = element
        self.rowBytes = rowBytes
        self.memory = memory
    }

    /// In plain memory, float32, one row after the other: what runtimes of the CPU take
    public init(shape: [Int]) {
        let rowBytes = (shape.last ?? 1) * MemoryLayout<Float>.stride
        self.init(
            shape: shape, element: .float32, rowBytes: rowBytes,
            memory: HeapMemory(bytes: rowBytes * shape.dropLast().reduce(1, *)))
    }

    /// Whether no row reaches into the next, and the last ends within so many bytes
    static func fits(_ shape: [Int], _ element: Element, rowBytes: Int, byteCount: Int) -> Bool {
        let row = (shape.last ?? 1) * element.bytes
        let rows = element == .bgra8 ? shape[2] : shape.dropLast().reduce(1, *)
        return rowBytes >= row && (rows - 1) * rowBytes + row <= byteCount
    }

    /// How many numbers it has
    public var count: Int { shape.reduce(1, *) }

    /// Numbers of a row
    private var columns: Int { shape.last ?? 1 }

    /// Its first number, of tensors that have one. Not of pictures.
    public var scalar: Float {
        memory.withBytes { element == .float16 ? Float(half: $0.load(as: UInt16.self)) : $0.load(as: Float.self) }
    }

    /// Its numbers, row-major. Not of pictures.
    public var values: [Float] {
        [Float](unsafeUninitializedCapacity: count) { to, filled in
            copy(to: to)
            filled = count
        }
    }

    /// Copies its numbers, row-major, to memory for `count` of them. Not of pictures.
    public func copy(to destination: UnsafeMutableBufferPointer<Float>) {
        precondition(destination.count == count, "a tensor is copied as a whole")
        eachRow { row, place in
            let to = destination.baseAddress! + place
            switch element {
            case .float16:
                let from = row.assumingMemoryBound(to: UInt16.self)
                for column in 0..<columns { to[column] = Float(half: from[column]) }
            default:
                to.update(from: row.assumingMemoryBound(to: Float.self), count: columns)
            }
        }
    }

    /// Takes `count` numbers, row-major. Not for pictures.
    public func fill(from source: UnsafeBufferPointer<Float>) {
        precondition(source.count == count, "a tensor is filled as a whole")
        eachRow { row, place in
            let from = source.baseAddress! + place
            switch element {
            case .float16:
                let to = row.assumingMemoryBound(to: UInt16.self)
                for column in 0..<columns { to[column] = from[column].half }
            default:
                row.assumingMemoryBound(to: Float.self).update(from: from, count: columns)
            }
        }
    }

    public func fill(from values: [Float]) {
        values.withUnsafeBufferPointer(fill)
    }

    /// Each row's first byte, and how many numbers come before it
    private func eachRow(_ body: (UnsafeMutableRawPointer, Int) -> Void) {
        precondition(element != .bgra8, "a picture has no numbers")
        memory.withBytes { base in
            for row in 0..<count / columns { body(base + row * rowBytes, row * columns) }
        }
    }
}

/// Memory of the process. It is read and written without a lock: a run writes no tensor that another reads, and the
/// tracker has one run at a time, hence unchecked.
private final class HeapMemory: TensorMemory, @unchecked Sendable {
    let byteCount: Int
    private let base: UnsafeMutableRawPointer

    /// Zeros, aligned as vector units like it
    init(bytes: Int) {
        byteCount = bytes
        base = .allocate(byteCount: bytes, alignment: 64)
        base.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    }

    deinit { base.deallocate() }

    func withBytes<Result>(_ body: (UnsafeMutableRawPointer) throws -> Result) rethrows -> Result {
        try body(base)
    }
}
