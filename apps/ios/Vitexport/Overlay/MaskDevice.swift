import Metal

/// What draws the masks.
enum MaskDevice {
    /// Throws `EngineError` where the device has no Metal.
    static func make() throws -> any MTLDevice {
        guard let device = MTLCreateSystemDefaultDevice() else {
            throw EngineError(sentence: "This device has no Metal, which draws the masks: use another device.")
        }
        return device
    }
}
