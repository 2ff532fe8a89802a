import Foundation

@testable import TrackerCore

/// A sequence as `exporter/verify/conformance.py` writes them, of numbers that count. Object 0 is prompted in the first
/// frame, object 1 in the third and again in the fifth, with another point.
struct SmallSequence {
    static let entry = Manifest.Sequence(file: "vectors/sequence.safetensors", frames: 6, objects: 2)
    static let (size, side) = (16, 4)

    var promptFrame: [Int32] = [0, 2, 4]
    var promptObject: [Int32] = [0, 1, 1]
    var points: [Float] = [1, 2, 3, 4, 0, 0, 0, 0, 5, 6, 0, 0, 0, 0, 0, 0, 7, 8, 0, 0, 0, 0, 0, 0]
    var labels: [Float] = [2, 3, -2, -2, 1, -2, -2, -2, 1, -2, -2, -2]
    var maskLogits: [Float]
    /// Of the masks
    var shape = "2, 6, 1, 4, 4"

    var file: Data {
        let bytes = Self.size * Self.size * 3
        let pixels = (0..<Self.entry.frames * bytes).map { UInt8(10 + $0 / bytes) }
        var (header, values) = (["\"__metadata__\": {}"], Data())
        func add<Value>(_ name: String, _ dtype: String, _ shape: String, _ content: [Value]) {
            let begin = values.count
            content.withUnsafeBytes { values.append(contentsOf: $0) }
            header.append(
                #""\#(name)": {"dtype": "\#(dtype)", "shape": [\#(shape)], "data_offsets": [\#(begin), \#(values.count)]}"#)
        }
        add("input.frames", "U8", "6, 16, 16, 3", pixels)
        add("input.prompt_frame", "I32", "3", promptFrame)
        add("input.prompt_object", "I32", "3", promptObject)
        add("input.points", "F32", "3, 4, 2", points)
        add("input.labels", "F32", "3, 4", labels)
        add("output.mask_logits", "F32", shape, maskLogits)
        let json = Data("{\(header.joined(separator: ", "))}".utf8)
        return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) } + json + values
    }

    func read() throws -> ConformanceSequence {
        try ConformanceSequence(file, entry: Self.entry, size: Self.size)
    }
}
