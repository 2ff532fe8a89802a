import Foundation

@testable import TrackerCore

/// Small kernel packs of artefacts that nobody runs: of kernels with these names, of one input [2, 3] each.
enum SmallPack {
    static func manifest(_ names: [String]) -> JSONValue {
        [
            "schema": 1, "made_by": "vitexport tests", "toolchain": [:], "target": "iphone15", "runtime": "executorch",
            "unit": "cpu", "precision": "fp32",
            "kernels": .array(names.map { name in
                [
                    "key": .string("\(name) of the pack"), "file": .string("kernels/\(name).pte"),
                    "sha256": .string(SHA256.hex(artefact(name))), "uses": 1,
                    "inputs": [["name": "x", "shape": [2, 3], "dtype": "float32", "channels_last": false]],
                ]
            }),
        ]
    }

    static func artefact(_ name: String) -> Data { Data("the kernel \(name)".utf8) }

    static func files(_ names: [String]) -> [String: Data] {
        var files = Dictionary(uniqueKeysWithValues: names.map { ("kernels/\($0).pte", artefact($0)) })
        files["manifest.json"] = SmallBundle.bytes(manifest(names))
        return files
    }

    static func opened(_ names: String...) throws -> Pack {
        try Pack(opening: MemorySource(files: files(names)))
    }
}
