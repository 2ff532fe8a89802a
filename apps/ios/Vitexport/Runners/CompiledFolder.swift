import Foundation

/// Where models lie that a runtime compiled.
enum CompiledFolder {
    /// Of a bundle's graphs, for later starts. The system may empty it; then they are compiled again.
    static let graphs = URL.cachesDirectory.appending(path: "CompiledModels", directoryHint: .isDirectory)

    /// Of a pack's kernels, which are hundreds, and loaded once
    static let kernels = URL.temporaryDirectory.appending(path: "CompiledKernels", directoryHint: .isDirectory)

    /// A pack was run. Where none was compiled there is nothing to delete.
    static func deleteKernels() {
        try? FileManager.default.removeItem(at: kernels)
    }
}
