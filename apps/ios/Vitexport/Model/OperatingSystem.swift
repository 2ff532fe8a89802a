import Foundation

extension OperatingSystemVersion {
    /// Such as "18.1"
    var words: String {
        patchVersion == 0 ? "\(majorVersion).\(minorVersion)" : "\(majorVersion).\(minorVersion).\(patchVersion)"
    }
}
