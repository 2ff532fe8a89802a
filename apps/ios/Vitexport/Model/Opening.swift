import Foundation
import TrackerCore

/// Opens the bundle that was built into the app.
struct Opening: Sendable {
    let crashes: CrashMemory
    /// Formats that this device runs
    let formats: Set<String>
    /// Loads a graph of this manifest
    let load: @Sendable (Manifest) -> LoadGraph

    static let folder = "Bundle/tracker"

    /// Throws `EngineError` where there is none.
    static func source(in resources: URL?) throws -> BundleFolder {
        guard let folder = resources?.appending(path: folder, directoryHint: .isDirectory),
            FileManager.default.fileExists(atPath: folder.appending(path: "manifest.json").path)
        else {
            throw EngineError(sentence:
                "This app was built without a bundle: run make apps APP=ios BUNDLE=FOLDER on the computer, and build it again.")
        }
        return BundleFolder(folder)
    }

    /// Open, and load in the way that a person chose, if this bundle can run so, else in the best. What ended the app while
    /// it was loaded is not tried by default, unless `isAsked`: a person asks for it now. Throws what reading and loading
    /// throw.
    func open(_ source: any BundleSource, chosen: Configuration?, isAsked: Bool) async throws -> Opened {
        let bundle = try TrackerBundle(opening: source)
        let choice = try Choice(of: bundle, formats: formats, threads: nil, crashes: crashes)
        let ways = choice.configurations
        if let chosen, ways.contains(chosen), isAsked || !crashes.has(CrashMemory.id(of: chosen, in: bundle)) {
            return try await opened(bundle, ways, choice.reason, in: chosen)
        }
        return try await first(of: ways, in: bundle, ways, choice.reason)
    }

    /// Load the first; where that fails on another unit than the CPU, which may lack anything, the next.
    private func first(
        of untried: [Configuration], in bundle: TrackerBundle, _ ways: [Configuration], _ reason: String
    ) async throws -> Opened {
        do {
            return try await opened(bundle, ways, reason, in: untried[0])
        } catch where untried[0].unit != .cpu && untried.count > 1 {
            return try await first(of: Array(untried.dropFirst()), in: bundle, ways, reason)
        }
    }

    private func opened(
        _ bundle: TrackerBundle, _ ways: [Configuration], _ reason: String, in way: Configuration
    ) async throws -> Opened {
        let id = CrashMemory.id(of: way, in: bundle)
        crashes.begun(id)
        defer { crashes.finished() }
        let loaded = try await LoadedGraphs(of: bundle, configuration: way, load: load(bundle.manifest))
        crashes.forget(id)
        return Opened(bundle: bundle, configurations: ways, reason: reason, configuration: way, loaded: loaded)
    }
}
