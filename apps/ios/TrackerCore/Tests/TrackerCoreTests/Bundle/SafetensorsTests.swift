import Foundation
import Testing

@testable import TrackerCore

@Suite struct SafetensorsTests {
    private let two = """
        {"__metadata__": {"format": "np"}, "numbers": {"dtype": "F32", "shape": [1, 2], "data_offsets": [0, 8]},
         "frames": {"dtype": "U8", "shape": [3], "data_offsets": [8, 11]},
         "places": {"dtype": "I32", "shape": [1], "data_offsets": [11, 15]}}
        """
    private let values: [UInt8] = [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 7, 8, 9, 0xfe, 0xff, 0xff, 0xff]

    @Test("tensors are read, wherever their values lie") func tensorsAreRead() throws {
        for shift in [0, 3] {
            let file = (Data(count: shift) + fileOf(two, values))[shift...]
            let tensors = try Safetensors(file, path: "a").tensors
            #expect(tensors.keys.sorted() == ["frames", "numbers", "places"])
            #expect(tensors["numbers"]?.shape == [1, 2])
            #expect(tensors["numbers"]?.values(Float.self) == [1, -2])
            #expect(tensors["frames"]?.values(UInt8.self) == [7, 8, 9])
            #expect(tensors["places"]?.values(Int32.self) == [-2])
        }
    }

    @Test("a header of vectors that says it is larger than any is refused before it is read")
    func aHeaderOfVectorsThatSaysItIsLargerThanAnyIsRefusedBeforeItIsRead() {
        var file = fileOf(two, values)
        file.replaceSubrange(0..<8, with: [0, 0, 0, 0, 0, 0, 0, 0x80])
        refuses(file, "its header has 9223372036854775808 bytes")
        refuses(Data([1, 2, 3]), "it is too short")
        refuses(fileOf(two, values)[..<40], "its header has")
    }

    @Test("a header that is no table of tensors is refused") func aHeaderThatIsNoTableOfTensorsIsRefused() {
        refuses(fileOf("{\"a\":", []), "no JSON")
        refuses(fileOf(#"{"a": {"dtype": "F64", "shape": [], "data_offsets": [0, 8]}}"#, []), "a.dtype should be F32 or")
        refuses(fileOf(#"{"a": {"dtype": "U8", "shape": [-1], "data_offsets": [0, 0]}}"#, []), "a.shape[0] should be")
    }

    @Test("vectors that do not lie in their file, or are not as many as their shape says, are refused")
    func vectorsThatDoNotLieInTheirFileOrAreNotAsManyAsTheirShapeSaysAreRefused() throws {
        let at = { (offsets: String) in
            fileOf(#"{"a": {"dtype": "U8", "shape": [3], "data_offsets": \#(offsets)}}"#, [1, 2, 3])
        }
        #expect(try Safetensors(at("[0, 3]"), path: "a").tensors.count == 1)
        for offsets in ["[1, 4]", "[0, 2]", "[3, 0]", "[0]", "[]"] { refuses(at(offsets), "a does not lie where it should") }
        refuses(at("[-1, 2]"), "whole number")
    }

    private func fileOf(_ header: String, _ values: [UInt8]) -> Data {
        let json = Data(header.utf8)
        return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) } + json + Data(values)
    }

    private func refuses(_ file: Data, _ why: String, at location: SourceLocation = #_sourceLocation) {
        #expect(sourceLocation: location) {
            try Safetensors(file, path: "vectors/a")
        } throws: {
            $0 is BundleError && $0.localizedDescription.hasPrefix("vectors/a is no safetensors file (")
                && $0.localizedDescription.contains(why)
        }
    }
}
