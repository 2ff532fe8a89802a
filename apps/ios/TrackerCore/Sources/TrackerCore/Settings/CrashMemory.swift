import Foundation

/// What outlives the app, such as `UserDefaults`.
public protocol KeyValueStore: Sendable {
    func strings(for key: String) -> [String]
    func set(_ strings: [String], for key: String)
}

/// What ended the app while it was loaded: it is not loaded by default again.
public struct CrashMemory: Sendable {
    private let store: any KeyValueStore

    private static let loading = "vitexport.loading"
    private static let crashed = "vitexport.crashed"

    /// More bundles and ways to run them than anybody tries; what crashed longest ago goes.
    private static let most = 50

    /// Once for each start of the app: what was being loaded when it ended is known from now on.
    public init(_ store: any KeyValueStore) {
        self.store = store
        for unfinished in store.strings(for: Self.loading) {
            keep(crashed.filter { $0 != unfinished } + [unfinished])
        }
        finished()
    }

    /// A configuration of a bundle
    public static func id(of configuration: Configuration, in bundle: TrackerBundle) -> String {
        let (format, precision, delegate) = (configuration.format, configuration.precision, configuration.delegate ?? "-")
        return "\(bundle.manifestSHA256) \(format) \(precision) \(delegate) \(configuration.unit)"
    }

    /// `what` is about to be loaded.
    public func begun(_ what: String) {
        store.set([what], for: Self.loading)
    }

    /// What was begun came to its end, whatever that was.
    public func finished() {
        store.set([], for: Self.loading)
    }

    public func has(_ what: String) -> Bool {
        crashed.contains(what)
    }

    /// `what` was loaded after all.
    public func forget(_ what: String) {
        if has(what) { keep(crashed.filter { $0 != what }) }
    }

    private var crashed: [String] { store.strings(for: Self.crashed) }

    private func keep(_ crashed: [String]) {
        store.set(crashed.suffix(Self.most), for: Self.crashed)
    }
}
