import Foundation
import Testing

@testable import TrackerCore

@Suite struct TrackerBundleTests {
    private let graph = "tflite/track_step.tflite"

    @Test("a bundle gives its files") func aBundleGivesItsFiles() throws {
        let bundle = try opened(SmallBundle.files())
        #expect(try bundle.read(graph) == Data("the graph track_step".utf8))
        #expect(bundle.manifestSHA256.count == 64)
    }

    @Test("a file with an altered byte is not given away") func aFileWithAnAlteredByteIsNotGivenAway() throws {
        for path in [graph, "vectors/sequence.safetensors", "report.html"] {
            var files = SmallBundle.files()
            files[path]![0] ^= 1
            let bundle = try opened(files)
            #expect(throws: BundleError(sentence: "\(path) was altered after export; export the model again.")) {
                try bundle.read(path)
            }
            _ = try bundle.read("tflite/encode_image.tflite")
        }
    }

    @Test("a file that is longer or shorter than listed is not given away")
    func aFileThatIsLongerOrShorterThanListedIsNotGivenAway() throws {
        for content in ["the graph track_step!", "the graph"] {
            var files = SmallBundle.files()
            files[graph] = Data(content.utf8)
            let bundle = try opened(files)
            #expect(throws: (any Error).self) { try bundle.read(graph) }
        }
    }

    @Test("a file that is missing is named") func aFileThatIsMissingIsNamed() throws {
        try inFolder(SmallBundle.files().filter { $0.key != graph }) { folder in
            let bundle = try TrackerBundle(opening: BundleFolder(folder))
            let sentence = "\(folder.lastPathComponent) lacks \(graph); choose one that is whole."
            #expect(throws: SourceError(sentence: sentence)) { try bundle.read(graph) }
        }
    }

    @Test("a file that the manifest does not list is not read, though it is there")
    func aFileThatTheManifestDoesNotListIsNotReadThoughItIsThere() throws {
        let bundle = try opened(SmallBundle.files().merging(["extra": Data("x".utf8)]) { $1 })
        #expect(throws: BundleError(sentence: "The bundle does not list extra; export the model again.")) {
            try bundle.read("extra")
        }
    }

    @Test("a manifest that was altered, and is still one, is refused by SHA256SUMS")
    func aManifestThatWasAlteredAndIsStillOneIsRefusedBySHA256SUMS() throws {
        let trained = SmallBundle.changed { $0["weights"]?["trained"] = true }
        var files = SmallBundle.files()
        files["manifest.json"] = SmallBundle.bytes(trained)
        let sentence = "manifest.json and SHA256SUMS do not agree, so one was altered; export the model again."
        #expect(throws: BundleError(sentence: sentence)) { try opened(files) }
        #expect(try opened(SmallBundle.files(trained)).manifest.weights.trained)
    }

    @Test("a manifest of 10 GB is refused before it is read") func aManifestOf10GBIsRefusedBeforeItIsRead() throws {
        try inFolder(SmallBundle.files()) { folder in
            let manifest = try FileHandle(forWritingTo: folder.appending(path: "manifest.json"))
            try manifest.truncate(atOffset: 10_000_000_000) // takes no room on the disk
            try manifest.close()
            let sentence = "manifest.json has more than the 8388608 bytes that it may have; "
                + "choose one that was not altered."
            #expect(throws: SourceError(sentence: sentence)) { try TrackerBundle(opening: BundleFolder(folder)) }
        }
    }

    @Test("a file that no phone holds is refused by the size that is listed") func aFileThatNoPhoneHoldsIsRefused() throws {
        let huge = SmallBundle.changed { manifest in
            let place = manifest["files"]!.list.firstIndex { $0["path"] == "report.html" }!
            manifest["files"]!.list[place]["bytes"] = 1_099_511_627_776
        }
        let bundle = try opened(SmallBundle.files(huge))
        #expect { try bundle.read("report.html") } throws: {
            $0.localizedDescription.contains("has 1099511627776 bytes, which no phone holds")
        }
    }

    @Test("of a package every file is checked") func ofAPackageEveryFileIsChecked() throws {
        let (model, weights) = ("tflite/track_step.tflite/model", "tflite/track_step.tflite/weights/weight.bin")
        let packaged = SmallBundle.changed { manifest in
            manifest["files"]?.list.removeAll { $0["path"] == .string(graph) }
            for (path, content) in [(model, "the graph "), (weights, "track_step")] {
                let sha256 = JSONValue.string(SHA256.hex(Data(content.utf8)))
                manifest["files"]?.list.append(["path": .string(path), "bytes": 10, "sha256": sha256])
            }
        }
        var files = SmallBundle.files(packaged)
        files[model] = Data("the graph ".utf8)
        files[weights] = Data("track_step".utf8)
        let artifact = try #require(try opened(files).manifest.artifacts.first { $0.graph == "track_step" })
        #expect(try opened(files).checked(artifact).path.hasSuffix("/tflite/track_step.tflite"))
        for path in [model, weights] {
            var altered = files
            altered[path]![3] ^= 1
            let bundle = try opened(altered)
            #expect(throws: BundleError(sentence: "\(path) was altered after export; export the model again.")) {
                try bundle.checked(artifact)
            }
        }
    }

    private func opened(_ files: [String: Data]) throws -> TrackerBundle {
        try TrackerBundle(opening: MemorySource(files: files))
    }
}

/// Run `body` with these files in a folder that is there meanwhile.
func inFolder(_ files: [String: Data], _ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (path, content) in files {
        let file = folder.appending(path: path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try content.write(to: file)
    }
    try body(folder)
}
