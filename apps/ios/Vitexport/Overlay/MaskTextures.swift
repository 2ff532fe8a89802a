import Metal
import TrackerCore

/// The masks of one frame, on the GPU.
///
/// `@unchecked`: a texture is written before this is made, and again only two frames later.
struct MaskFrame: @unchecked Sendable {
    /// Logits, float32: one slice an object
    let texture: any MTLTexture
    /// Numbers of the objects, slice by slice
    let objects: [Int]
}

/// Takes masks to the GPU: textures that are made once and take turns. For one frame at a time, hence unchecked.
final class MaskTextures: @unchecked Sendable {
    /// One that is drawn, one that is drawn next, and one that is written
    private static let turns = 3

    private let textures: [any MTLTexture]
    private var turn = 0
    private let row: UnsafeMutableBufferPointer<Float>
    private let side: Int

    /// For masks of side × side. nil where the device has no Metal, or no memory.
    init?(side: Int) {
        let description = MTLTextureDescriptor()
        description.textureType = .type2DArray
        description.pixelFormat = .r32Float
        (description.width, description.height) = (side, side)
        description.arrayLength = Objects.most
        description.usage = .shaderRead
        guard let device = MTLCreateSystemDefaultDevice() else { return nil }
        textures = (0..<Self.turns).compactMap { _ in device.makeTexture(descriptor: description) }
        guard textures.count == Self.turns else { return nil }
        self.side = side
        row = .allocate(capacity: side * side)
    }

    deinit {
        row.deallocate()
    }

    /// Of a frame that was followed: the tracker writes over its logits in the frame after the next.
    func take(_ seen: [SeenObject]) -> MaskFrame {
        turn = (turn + 1) % Self.turns
        // An object that is lost has no mask to show.
        let shown = seen.filter { $0.status != .lost }.prefix(Objects.most)
        for (slice, object) in shown.enumerated() {
            object.maskLogits.copy(to: row)
            textures[turn].replace(
                region: MTLRegionMake2D(0, 0, side, side), mipmapLevel: 0, slice: slice,
                withBytes: row.baseAddress!, bytesPerRow: side * MemoryLayout<Float>.stride,
                bytesPerImage: 0) // it is for volumes only
        }
        return MaskFrame(texture: textures[turn], objects: shown.map(\.id))
    }
}
