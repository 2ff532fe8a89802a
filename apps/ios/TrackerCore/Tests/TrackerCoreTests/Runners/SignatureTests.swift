import Testing

@testable import TrackerCore

@Suite struct SignatureTests {
    private let listed = [
        TensorSpec(name: "image", shape: [1, 3, 8, 8], kind: .image), TensorSpec(name: "mask", shape: [1, 1, 8, 8], kind: .mask),
    ]
    private let image = FoundTensor(name: "image", shape: [1, 3, 8, 8], dtype: "float16", isTaken: true)
    private let mask = FoundTensor(name: "mask", shape: [1, 1, 8, 8], dtype: "float32", isTaken: true)

    @Test("names, shapes and types that are as listed pass, in whatever order") func whatIsAsListedPasses() throws {
        try checkSignature("input", found: [mask, image], listed: listed)
    }

    @Test("each way to differ is refused in a sentence that names the tensor") func eachWayToDifferIsRefused() {
        let more = FoundTensor(name: "more", shape: [1], dtype: "float32", isTaken: true)
        let whole = FoundTensor(name: "mask", shape: [1, 1, 8, 8], dtype: "int32", isTaken: false)
        let turned = FoundTensor(name: "image", shape: [1, 8, 8, 3], dtype: "float32", isTaken: true)
        let cases: [([FoundTensor], String)] = [
            ([image], "no input mask"), ([image, mask, more], "input more"), ([image, whole], "mask in int32"),
            ([turned, mask], "image [1, 8, 8, 3], and its manifest says [1, 3, 8, 8]"),
        ]
        for (found, sentence) in cases {
            #expect { try checkSignature("input", found: found, listed: listed) } throws: {
                $0 is RunnerError && $0.localizedDescription.contains(sentence)
            }
        }
    }
}
