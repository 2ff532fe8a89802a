import Foundation
import TrackerCore

/// The settings, from one start of the app to the next.
struct KeptSettings: Sendable {
    private static let key = "vitexport.settings"

    private let store: any KeyValueStore

    init(_ store: any KeyValueStore) {
        self.store = store
    }

    /// Those of another version of the app that cannot be read are as if there were none.
    func read() -> Settings {
        guard let json = store.strings(for: Self.key).first else { return Settings() }
        return (try? JSONDecoder().decode(Settings.self, from: Data(json.utf8))) ?? Settings()
    }

    func keep(_ settings: Settings) {
        guard let json = try? JSONEncoder().encode(settings) else { return }
        store.set([String(decoding: json, as: UTF8.self)], for: Self.key)
    }
}
