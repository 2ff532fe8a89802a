import Foundation

/// Where the files of a bundle or a kernel pack come from. However large a file is, no more of it is read than the caller
/// takes; paths were checked, and stay within.
public protocol BundleSource: Sendable {
    /// The bytes of a file, at most `most`. Throws `SourceError` for a larger file, and for one that is missing.
    func read(_ path: String, most: Int) throws -> Data
    /// Where a file or a package is, for runtimes that read it by themselves
    func url(of path: String) -> URL
    /// Paths of all files of a package, in order of their names; none for a file
    func files(in package: String) -> [String]
}

/// A folder on this device: the app's resources are one.
public struct BundleFolder: BundleSource {
    private let folder: URL

    public init(_ folder: URL) {
        self.folder = folder
    }

    public func read(_ path: String, most: Int) throws -> Data {
        let url = url(of: path)
        // Its size is asked first: mapped or not, what is too large is not touched.
        guard let size = try? url.resourceValues(forKeys: [.fileSizeKey, .isRegularFileKey]), size.isRegularFile == true,
            let bytes = size.fileSize
        else {
            throw SourceError(sentence: "\(folder.lastPathComponent) lacks \(path); choose one that is whole.")
        }
        guard bytes <= most else {
            throw SourceError(sentence:
                "\(path) has more than the \(most) bytes that it may have; choose one that was not altered.")
        }
        do {
            return try Data(contentsOf: url, options: .mappedIfSafe)
        } catch {
            throw SourceError(sentence: "\(path) cannot be read (\(error.localizedDescription)); choose it again.")
        }
    }

    public func url(of path: String) -> URL {
        folder.appending(path: path, directoryHint: .inferFromPath)
    }

    public func files(in package: String) -> [String] {
        let root = url(of: package)
        let found = FileManager.default.subpaths(atPath: root.path) ?? []
        return found.filter { inner in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: "\(root.path)/\(inner)", isDirectory: &isFolder)
                && !isFolder.boolValue
        }.map { "\(package)/\($0)" }.sorted()
    }
}
