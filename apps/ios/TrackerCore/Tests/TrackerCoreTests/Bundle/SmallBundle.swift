import Foundation

@testable import TrackerCore

/// A small tracker's bundle, written as the exporter writes one, for tests that change one thing in it.
enum SmallBundle {
    static let size = 32

    static let manifest: JSONValue = [
        "schema_version": 13,
        "created": "2026-01-02T03:04:05+00:00",
        "model": ["name": "efficienttam_nano_32x32", "task": "track", "image_size": 32],
        "weights": ["kind": "seeded", "trained": false, "card": nil],
        "target": ["id": "iphone15", "name": "iPhone 15", "platform": "ios"],
        "variants": [variant],
        "graphs": .array(graphs.map { name, inputs, outputs in
            ["name": .string(name), "inputs": inputs, "outputs": outputs, "vectors": .string("vectors/\(name).safetensors")]
        }),
        "artifacts": .array(graphs.map { name, inputs, outputs in
            [
                "format": "tflite", "precision": "fp32", "delegate": nil, "graph": .string(name),
                "file": .string("tflite/\(name).tflite"), "bytes": .number(Double("the graph \(name)".utf8.count)),
                "inputs": inputs, "outputs": outputs,
            ]
        }),
        "state": ["next_memory": "memory", "next_memory_valid": "memory_valid"],
        "sequence": ["file": "vectors/sequence.safetensors", "frames": 24, "objects": 2],
        "rollouts": [
            ["format": "tflite", "precision": "fp32", "delegate": nil,
             "tolerance": ["mask_iou": 0.999, "least_union": 0, "max_abs": 0.01]],
        ],
        "latencies": [["format": "tflite", "precision": "fp32", "delegate": nil, "unit": "cpu", "latency": nil]],
        "files": .array(contents.map { path, content in
            [
                "path": .string(path), "bytes": .number(Double(content.utf8.count)),
                "sha256": .string(SHA256.hex(Data(content.utf8))),
            ]
        }),
    ]

    /// The files of a bundle by their paths, sealed with the checksum of its manifest
    static func files(_ manifest: JSONValue = manifest) -> [String: Data] {
        let bytes = bytes(manifest)
        var files = Dictionary(uniqueKeysWithValues: contents.map { ($0, Data($1.utf8)) })
        files["manifest.json"] = bytes
        files["SHA256SUMS"] = Data("\(SHA256.hex(bytes))  manifest.json\n".utf8)
        return files
    }

    static func bytes(_ manifest: JSONValue) -> Data {
        try! JSONEncoder().encode(manifest)
    }

    /// The manifest, changed
    static func changed(_ change: (inout JSONValue) -> Void) -> JSONValue {
        var changed = manifest
        change(&changed)
        return changed
    }

    static let variant: JSONValue = ["format": "tflite", "precision": "fp32", "delegate": nil]

    private static let features = tensor("features", "features", 1, 8, 2, 2)
    private static let state = [tensor("memory", "memory", 7, 4, 3), tensor("memory_valid", "flags", 7)]
    private static let found: JSONValue = .array([
        tensor("mask_logits", "mask_logits", 1, 1, 8, 8), tensor("iou", "score", 1, 1),
        tensor("object_score", "score", 1, 1), tensor("next_memory", "memory", 7, 4, 3),
        tensor("next_memory_valid", "flags", 7),
    ])
    private static let graphs: [(String, JSONValue, JSONValue)] = [
        ("encode_image", [tensor("image", "image", 1, 3, 32, 32)], [features]),
        ("prompt_points", [features, tensor("points", "points", 1, 4, 2), tensor("labels", "point_labels", 1, 4)], found),
        ("prompt_mask", [features, tensor("mask", "mask", 1, 1, 32, 32)], found),
        ("track_step", .array([features] + state), found),
    ]

    /// Path and content; no graph that runs, which none of these tests needs
    private static let contents = graphs.flatMap { name, _, _ in
        [("tflite/\(name).tflite", "the graph \(name)"), ("vectors/\(name).safetensors", "the vectors of \(name)")]
    } + [("vectors/sequence.safetensors", "the sequence"), ("report.html", "<html>")]

    private static func tensor(_ name: String, _ kind: String, _ shape: Double...) -> JSONValue {
        ["name": .string(name), "kind": .string(kind), "shape": .array(shape.map(JSONValue.number)), "dtype": "float32"]
    }
}

extension JSONValue {
    /// A field; nil takes it away.
    subscript(key: String) -> JSONValue? {
        get { if case .object(let fields) = self { fields[key] } else { nil } }
        set {
            guard case .object(var fields) = self else { return }
            fields[key] = newValue
            self = .object(fields)
        }
    }

    var list: [JSONValue] {
        get { if case .array(let list) = self { list } else { [] } }
        set { self = .array(newValue) }
    }

    /// The entry of a list that has this name, or is of this graph
    subscript(named name: String) -> JSONValue {
        get { list.first { $0["name"] == .string(name) || $0["graph"] == .string(name) }! }
        set {
            let place = list.firstIndex { $0["name"] == .string(name) || $0["graph"] == .string(name) }!
            list[place] = newValue
        }
    }
}

/// Files in memory.
struct MemorySource: BundleSource {
    var files: [String: Data]

    func read(_ path: String, most: Int) throws -> Data {
        guard let bytes = files[path] else { throw SourceError(sentence: "It lacks \(path); choose one that is whole.") }
        guard bytes.count <= most else { throw SourceError(sentence: "\(path) is too large.") }
        return bytes
    }

    func url(of path: String) -> URL { URL(fileURLWithPath: "/nowhere/\(path)") }

    func files(in package: String) -> [String] {
        files.keys.filter { $0.hasPrefix("\(package)/") }.sorted()
    }
}
