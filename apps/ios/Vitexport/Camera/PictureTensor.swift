import Accelerate
import TrackerCore

extension Tensor {
    /// Takes a picture of BGRA pixels [S, S] as `encode_image` takes it: as pixels, or in planes [1, 3, S, S] of RGB 0 to 255
    /// in float32.
    func fill(bgra picture: vImage_Buffer) {
        let side = shape[3]
        precondition(element != .float16, "pictures are pixels or float32")
        precondition((Int(picture.width), Int(picture.height)) == (side, side), "a picture is as large as its tensor")
        precondition(picture.rowBytes >= 4 * side, "a picture's rows do not overlap")
        memory.withBytes { base in
            for y in 0..<side {
                let pixels = (picture.data + y * picture.rowBytes).assumingMemoryBound(to: UInt8.self)
                if element == .bgra8 {
                    (base + y * rowBytes).copyMemory(from: pixels, byteCount: 4 * side)
                    continue
                }
                for channel in 0..<3 {
                    let row = (base + (channel * side + y) * rowBytes).assumingMemoryBound(to: Float.self)
                    // A whole row in vectors: every fourth byte is of a channel, and blue comes first.
                    vDSP_vfltu8(pixels + 2 - channel, 4, row, 1, vDSP_Length(side))
                }
            }
        }
    }
}
