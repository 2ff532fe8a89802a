import Foundation

/// Reads safetensors: eight bytes that say how long the header is, the header, which is JSON, and the values.
struct Safetensors {
    enum DType: String, CaseIterable {
        case float32 = "F32"
        case int32 = "I32"
        case uint8 = "U8"

        var bytes: Int { self == .uint8 ? 1 : 4 }
    }

    struct Stored {
        let dtype: DType
        let shape: [Int]
        /// Row-major, little-endian
        let bytes: Data

        /// Its values, whose type is as wide as `dtype`
        func values<Value>(_: Value.Type) -> [Value] {
            bytes.withUnsafeBytes { from in
                Array(unsafeUninitializedCapacity: from.count / MemoryLayout<Value>.stride) { to, count in
                    UnsafeMutableRawBufferPointer(to).copyMemory(from: from)
                    count = to.count
                }
            }
        }
    }

    let tensors: [String: Stored]

    /// Throws `BundleError` for a file whose header does not fit its values; `path` is for the message.
    init(_ file: Data, path: String) throws {
        do {
            tensors = try Self.tensors(in: file)
        } catch let error as JSONError {
            throw BundleError(sentence: "\(path) is no safetensors file (\(error.message)); export the model again.")
        }
    }

    private static let lengthBytes = 8
    private static let mostRank = 8

    /// A table of words that may stand beside the tensors
    private static let metadata = "__metadata__"

    private static func tensors(in file: Data) throws -> [String: Stored] {
        guard file.count >= lengthBytes else { throw JSONError(message: "it is too short") }
        let header = file.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        guard header <= min(Limits.headerBytes, file.count - lengthBytes) else {
            throw JSONError(message: "its header has \(header) bytes")
        }
        let begin = file.startIndex + lengthBytes
        let values = file[(begin + Int(header))...]
        var tensors = try JSONReader(Data(file[begin..<begin + Int(header)])).record { $0 }
        tensors[metadata] = nil
        return try tensors.mapValues { try stored($0, in: values) }
    }

    private static func stored(_ json: JSONReader, in values: Data) throws -> Stored {
        let dtype = try json["dtype"].oneOf(DType.self)
        let shape = try json["shape"].list(most: mostRank) { try $0.whole(0...Limits.values) }
        let offsets = try json["data_offsets"].list(most: 2) { try $0.whole(0...(1 << 50)) }
        let bytes = shape.reduce(Double(dtype.bytes)) { $0 * Double($1) } // which does not overflow
        guard offsets.count == 2, offsets[1] <= values.count, Double(offsets[1] - offsets[0]) == bytes else {
            throw JSONError(message: "\(json.place) does not lie where it should")
        }
        return Stored(
            dtype: dtype, shape: shape,
            bytes: values[values.startIndex + offsets[0]..<values.startIndex + offsets[1]])
    }
}
