import MetalKit
import TrackerCore

/// Draws masks over the picture, by Mask.metal, whenever there are new ones.
@MainActor
final class MaskRenderer: NSObject, MTKViewDelegate {
    static let vertexFunction = "maskVertex"
    static let fragmentFunction = "maskFragment"

    let view: MTKView
    private let commands: any MTLCommandQueue
    private let pipeline: any MTLRenderPipelineState
    private var masks: MaskFrame?
    private var placement = Placement(picture: .zero, mirrored: false)
    private var opacity: Float = 0

    /// As `MaskPlacement` in Mask.metal
    private struct MaskPlacement {
        var origin: SIMD2<Float>
        var size: SIMD2<Float>
        var mirrored: UInt32
    }

    /// As `MaskPaint` in Mask.metal
    private struct MaskPaint {
        var colour: SIMD4<Float>
        var slice: UInt32
    }

    private init(view: MTKView, commands: any MTLCommandQueue, pipeline: any MTLRenderPipelineState) {
        (self.view, self.commands, self.pipeline) = (view, commands, pipeline)
        super.init()
        view.delegate = self
    }

    /// Throws `EngineError` where the device has no Metal, or what draws the masks is not in the app.
    static func make() throws -> MaskRenderer {
        let device = try MaskDevice.make()
        guard let commands = device.makeCommandQueue(), let library = device.makeDefaultLibrary() else {
            throw EngineError(sentence: "Masks cannot be drawn, as this app has no Mask.metal in it: build it again.")
        }
        let view = MTKView(frame: .zero, device: device)
        view.isPaused = true
        view.enableSetNeedsDisplay = true
        view.isOpaque = false
        view.backgroundColor = .clear
        view.clearColor = MTLClearColor(red: 0, green: 0, blue: 0, alpha: 0)
        view.isUserInteractionEnabled = false
        let description = MTLRenderPipelineDescriptor()
        description.vertexFunction = library.makeFunction(name: vertexFunction)
        description.fragmentFunction = library.makeFunction(name: fragmentFunction)
        let target = description.colorAttachments[0]!
        target.pixelFormat = view.colorPixelFormat
        // Colours come multiplied by their opacity: a later object lies over an earlier one.
        target.isBlendingEnabled = true
        target.sourceRGBBlendFactor = .one
        target.sourceAlphaBlendFactor = .one
        target.destinationRGBBlendFactor = .oneMinusSourceAlpha
        target.destinationAlphaBlendFactor = .oneMinusSourceAlpha
        do {
            let pipeline = try device.makeRenderPipelineState(descriptor: description)
            return MaskRenderer(view: view, commands: commands, pipeline: pipeline)
        } catch {
            throw EngineError(sentence:
                "Masks cannot be drawn (\(error.localizedDescription)): update iOS, or use another device.")
        }
    }

    /// `placement` is of the picture in the view; nil masks clear the view.
    func show(_ masks: MaskFrame?, placement: Placement, opacity: Float) {
        (self.masks, self.placement, self.opacity) = (masks, placement, opacity)
        view.setNeedsDisplay()
    }

    func mtkView(_ view: MTKView, drawableSizeWillChange size: CGSize) {}

    func draw(in view: MTKView) {
        guard let pass = view.currentRenderPassDescriptor, let drawable = view.currentDrawable,
            let buffer = commands.makeCommandBuffer(), let encoder = buffer.makeRenderCommandEncoder(descriptor: pass)
        else { return }
        if let masks, !masks.objects.isEmpty { encode(masks, with: encoder) }
        encoder.endEncoding()
        // Until the GPU has read it, the frame's texture is written by nobody.
        buffer.addCompletedHandler { @Sendable [masks] _ in withExtendedLifetime(masks) {} }
        buffer.present(drawable)
        buffer.commit()
    }

    private func encode(_ masks: MaskFrame, with encoder: any MTLRenderCommandEncoder) {
        let (origin, size) = placement.inClip(of: view.bounds.size)
        var place = MaskPlacement(origin: origin, size: size, mirrored: placement.mirrored ? 1 : 0)
        let paints = masks.objects.enumerated().map { slice, id in
            MaskPaint(colour: SIMD4(ObjectColour.of(id).rgb, opacity), slice: UInt32(slice))
        }
        encoder.setRenderPipelineState(pipeline)
        encoder.setVertexBytes(&place, length: MemoryLayout<MaskPlacement>.stride, index: 0)
        encoder.setFragmentTexture(masks.texture, index: 0)
        paints.withUnsafeBytes { encoder.setFragmentBytes($0.baseAddress!, length: $0.count, index: 0) }
        encoder.drawPrimitives(type: .triangleStrip, vertexStart: 0, vertexCount: 4, instanceCount: paints.count)
    }
}
