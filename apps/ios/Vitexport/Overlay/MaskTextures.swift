import Metal
import TrackerCore

/// The masks of one frame, on the GPU. Whoever has it keeps its texture from being written.
struct MaskFrame: Sendable {
    fileprivate let lent: Lent<MaskTexture>
    /// Numbers of the objects, slice by slice
    let objects: [Int]

    /// Logits, float32: one slice an object
    var texture: any MTLTexture { lent.item.texture }
}

/// `@unchecked`: it is written by the one that it was lent to, and only read once others have it.
private struct MaskTexture: @unchecked Sendable {
    let texture: any MTLTexture
}

/// Takes masks to the GPU, in textures that are made once. For one frame at a time, hence unchecked.
final class MaskTextures: @unchecked Sendable {
    /// One that is written, one that is shown, and two that the GPU may be drawing still
    private static let most = 4

    private let textures: Pool<MaskTexture>
    private let row: UnsafeMutableBufferPointer<Float>
    private let side: Int

    /// For masks of side × side. Throws `EngineError` where the device has no Metal, or no memory.
    init(side: Int) throws {
        let description = MTLTextureDescriptor()
        description.textureType = .type2DArray
        description.pixelFormat = .r32Float
        (description.width, description.height) = (side, side)
        description.arrayLength = Objects.most
        description.usage = .shaderRead
        let device = try MaskDevice.make()
        let made = (0..<Self.most).compactMap { _ in device.makeTexture(descriptor: description) }
        guard made.count == Self.most else {
            throw EngineError(sentence: "There is no memory for masks: close other apps, and open this one again.")
        }
        textures = Pool(made.map(MaskTexture.init))
        self.side = side
        row = .allocate(capacity: side * side)
    }

    deinit {
        row.deallocate()
    }

    /// Of a frame that was followed: the tracker writes over its logits in the frame after the next. nil where all textures
    /// are still drawn: what is shown stays for a frame more.
    func take(_ seen: [SeenObject]) -> MaskFrame? {
        guard let lent = textures.lend() else { return nil }
        // An object that is lost has no mask to show.
        let shown = seen.filter { $0.status != .lost }.prefix(Objects.most)
        for (slice, object) in shown.enumerated() {
            object.maskLogits.copy(to: row)
            lent.item.texture.replace(
                region: MTLRegionMake2D(0, 0, side, side), mipmapLevel: 0, slice: slice,
                withBytes: row.baseAddress!, bytesPerRow: side * MemoryLayout<Float>.stride,
                bytesPerImage: 0) // it is for volumes only
        }
        return MaskFrame(lent: lent, objects: shown.map(\.id))
    }
}
