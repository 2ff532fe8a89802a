import Foundation
import TrackerCore

/// What outlives the app, in its user defaults.
///
/// `@unchecked`: user defaults may be asked from any thread.
struct DefaultsStore: KeyValueStore, @unchecked Sendable {
    private let defaults = UserDefaults.standard

    func strings(for key: String) -> [String] {
        defaults.stringArray(forKey: key) ?? []
    }

    /// Written at once: what is kept before a load has to be there if the load ends the app.
    func set(_ strings: [String], for key: String) {
        defaults.set(strings, forKey: key)
        defaults.synchronize()
    }
}
