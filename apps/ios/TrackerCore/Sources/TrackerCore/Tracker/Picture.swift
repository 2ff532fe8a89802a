/// Writing pictures as graphs take them: RGB 0 to 255. Normalisation is inside the graphs.
extension Tensor {
    /// Takes a picture of interleaved RGB [S, S, 3]: in planes [1, 3, S, S], or as the pixels of a `bgra8` tensor.
    func fill(rgb: UnsafeBufferPointer<UInt8>) {
        let side = shape[3]
        precondition(rgb.count == 3 * side * side, "a picture has as many pixels as its tensor")
        memory.withBytes { base in
            for y in 0..<side {
                let from = rgb.baseAddress! + 3 * side * y
                switch element {
                case .bgra8:
                    let to = (base + y * rowBytes).assumingMemoryBound(to: UInt8.self)
                    for x in 0..<side {
                        for channel in 0..<3 { to[4 * x + 2 - channel] = from[3 * x + channel] }
                        to[4 * x + 3] = .max
                    }
                case .float32, .float16:
                    for channel in 0..<3 {
                        let row = base + (channel * side + y) * rowBytes
                        if element == .float16 {
                            let to = row.assumingMemoryBound(to: UInt16.self)
                            for x in 0..<side { to[x] = Float(from[3 * x + channel]).half }
                        } else {
                            let to = row.assumingMemoryBound(to: Float.self)
                            for x in 0..<side { to[x] = Float(from[3 * x + channel]) }
                        }
                    }
                }
            }
        }
    }
}
