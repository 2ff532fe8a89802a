import Foundation
import Testing

@testable import TrackerCore

@Suite struct PackTests {
    @Test("a pack is opened with its name and its artefacts") func aPackIsOpenedWithItsNameAndItsArtefacts() throws {
        let files = SmallPack.files(["a", "b"])
        let pack = try Pack(opening: MemorySource(files: files))
        #expect(pack.sha256 == SHA256.hex(files["manifest.json"]!))
        #expect(pack.manifest.kernels.map(\.key) == ["a of the pack", "b of the pack"])
        #expect(try pack.checked(pack.manifest.kernels[1]).lastPathComponent == "b.pte")
    }

    @Test("an artefact that was altered is refused before any other is given away")
    func anArtefactThatWasAlteredIsRefusedBeforeAnyOtherIsGivenAway() {
        var files = SmallPack.files(["a", "b"])
        files["kernels/b.pte"] = Data("something else".utf8)
        let sentence = "kernels/b.pte is not what the manifest says: make the pack anew."
        #expect(throws: PackError(sentence: sentence)) { try Pack(opening: MemorySource(files: files)) }
    }

    @Test("an artefact that is a package has the checksum of what sha256sum says of its files")
    func anArtefactThatIsAPackageHasAChecksum() throws {
        var manifest = SmallPack.manifest(["a"])
        // (cd a.mlpackage && find * -type f | LC_ALL=C sort | xargs sha256sum) | sha256sum
        let lines = "\(SHA256.hex(Data("two".utf8)))  Data/b\n\(SHA256.hex(Data("one".utf8)))  Manifest.json\n"
        manifest["runtime"] = "coreml"
        manifest["kernels"]?.list[0]["file"] = "kernels/a.mlpackage"
        manifest["kernels"]?.list[0]["sha256"] = .string(SHA256.hex(Data(lines.utf8)))
        let files = [
            "manifest.json": SmallBundle.bytes(manifest), "kernels/a.mlpackage/Manifest.json": Data("one".utf8),
            "kernels/a.mlpackage/Data/b": Data("two".utf8),
        ]
        try inFolder(files) { folder in _ = try Pack(opening: BundleFolder(folder)) }
    }

    @Test("a manifest that is none of a pack for this app is refused with the place") func otherManifestsAreRefused() {
        refuses("schema should be a whole number from 1 to 1 and is 2") { $0["schema"] = 2 }
        refuses("runtime should be coreml or executorch or tflite") { $0["runtime"] = "onnx" }
        refuses("kernels is empty") { $0["kernels"] = [] }
        refuses("kernels[0].file") { $0["kernels"]?.list[0]["file"] = "../elsewhere.pte" }
        refuses("kernels[0].inputs[0].shape has more than") {
            $0["kernels"]?.list[0]["inputs"]?.list[0]["shape"] = [1_048_576, 1_048_576]
        }
        refuses("dtype should be float32") { $0["kernels"]?.list[0]["inputs"]?.list[0]["dtype"] = "int64" }
    }

    private func refuses(
        _ why: String, at location: SourceLocation = #_sourceLocation, _ change: (inout JSONValue) -> Void
    ) {
        var manifest = SmallPack.manifest(["a"])
        change(&manifest)
        let bytes = SmallBundle.bytes(manifest)
        #expect(sourceLocation: location) { try PackManifest(parsing: bytes) } throws: {
            $0 is PackError && $0.localizedDescription.contains(why)
        }
    }
}
