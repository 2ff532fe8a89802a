import TrackerCore

extension Tensor {
    /// Takes a picture of BGRA pixels [S, S], `rowBytes` from one row to the next, as `encode_image` takes it: as pixels,
    /// or in planes [1, 3, S, S] of RGB 0 to 255 in float32.
    func fill(bgra: UnsafeRawPointer, rowBytes from: Int) {
        let side = shape[3]
        precondition(element != .float16, "pictures are pixels or float32")
        memory.withBytes { base in
            for y in 0..<side {
                let pixels = (bgra + y * from).assumingMemoryBound(to: UInt8.self)
                if element == .bgra8 {
                    (base + y * rowBytes).copyMemory(from: pixels, byteCount: 4 * side)
                    continue
                }
                for channel in 0..<3 {
                    let row = (base + (channel * side + y) * rowBytes).assumingMemoryBound(to: Float.self)
                    for x in 0..<side { row[x] = Float(pixels[4 * x + 2 - channel]) }
                }
            }
        }
    }
}
