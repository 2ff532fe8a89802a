/// What a person chose, as it is kept from one start of the app to the next.
public struct Settings: Codable, Equatable, Sendable {
    /// How graphs are run; nil where the app chooses
    public var configuration: Configuration?
    /// Of the mask over the picture, from 0 to 1
    public var overlayOpacity = 0.5

    public init() {}
}
