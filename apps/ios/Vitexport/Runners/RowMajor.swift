import TrackerCore

/// The order in which numbers lie in memory that may be padded.
struct RowMajor {
    let shape: [Int]
    /// From one number to the next along each extent, in numbers
    let strides: [Int]

    /// Fills a tensor of this shape, of the same type, with numbers that lie by these strides.
    func gather<Number: BitwiseCopyable>(_ numbers: UnsafeBufferPointer<Number>, into tensor: Tensor) {
        let last = zip(shape, strides).reduce(0) { $0 + ($1.0 - 1) * $1.1 }
        precondition(last < numbers.count, "numbers lie within their memory")
        let columns = shape.last ?? 1
        let outer = shape.dropLast()
        tensor.memory.withBytes { base in
            var index = [Int](repeating: 0, count: outer.count)
            for row in 0..<outer.reduce(1, *) {
                let from = zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 }
                let to = (base + row * tensor.rowBytes).assumingMemoryBound(to: Number.self)
                for column in 0..<columns { to[column] = numbers[from + column * (strides.last ?? 1)] }
                advance(&index)
            }
        }
    }

    /// The next row's place along the outer extents
    private func advance(_ index: inout [Int]) {
        for extent in index.indices.reversed() {
            index[extent] += 1
            if index[extent] < shape[extent] { return }
            index[extent] = 0
        }
    }
}
