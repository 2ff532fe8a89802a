public enum CameraFacing: String, Codable, Sendable {
    case back, front
}

/// What a person chose, as it is kept from one start of the app to the next.
public struct Settings: Codable, Equatable, Sendable {
    /// How graphs are run; nil where the app chooses
    public var configuration: Configuration?
    /// Of the mask over the picture, from 0 to 1
    public var overlayOpacity = 0.5
    public var camera = CameraFacing.back
    /// What people call this device; empty where the hardware's own name is good enough
    public var deviceName = ""
    /// Of a latency service, as it was entered last. That results may go there is agreed to anew for each.
    public var serviceAddress = ""

    public init() {}

    /// What another version of the app did not keep is as it was never chosen.
    public init(from decoder: any Decoder) throws {
        let kept = try decoder.container(keyedBy: CodingKeys.self)
        configuration = try kept.decodeIfPresent(Configuration.self, forKey: .configuration)
        overlayOpacity = try kept.decodeIfPresent(Double.self, forKey: .overlayOpacity) ?? overlayOpacity
        camera = try kept.decodeIfPresent(CameraFacing.self, forKey: .camera) ?? camera
        deviceName = try kept.decodeIfPresent(String.self, forKey: .deviceName) ?? deviceName
        serviceAddress = try kept.decodeIfPresent(String.self, forKey: .serviceAddress) ?? serviceAddress
    }
}
