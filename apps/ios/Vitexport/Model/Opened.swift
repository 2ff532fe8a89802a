import TrackerCore

/// A bundle whose graphs are loaded.
struct Opened: Sendable {
    let bundle: TrackerBundle
    /// All that this device can run, the one that is taken by default first
    let configurations: [Configuration]
    /// Why the first is first
    let reason: String
    let configuration: Configuration
    let loaded: LoadedGraphs
}
