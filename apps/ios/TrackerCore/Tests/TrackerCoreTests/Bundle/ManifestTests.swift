import Foundation
import Testing

@testable import TrackerCore

@Suite struct ManifestTests {
    @Test("a manifest is read") func aManifestIsRead() throws {
        let manifest = try Manifest(parsing: SmallBundle.bytes(SmallBundle.manifest))
        #expect(manifest.model == .init(name: "efficienttam_nano_32x32", task: "track", imageSize: 32))
        #expect(manifest.weights == .init(kind: "seeded", trained: false, license: nil))
        #expect(manifest.graphs.map(\.name) == ["encode_image", "prompt_points", "prompt_mask", "track_step"])
        #expect(manifest.graphs[3].inputs[1] == TensorSpec(name: "memory", shape: [7, 4, 3], kind: .memory))
        #expect(manifest.state == ["next_memory": "memory", "next_memory_valid": "memory_valid"])
        #expect(manifest.sequence == .init(file: "vectors/sequence.safetensors", frames: 24, objects: 2))
        #expect(manifest.rollouts[0].tolerance == .singlePrecision)
        #expect(manifest.files.count == 10)
    }

    @Test("fields that the app does not read may be there") func otherFieldsMayBeThere() throws {
        let more = SmallBundle.changed { $0["provenance"] = ["cpu": "any"] }
        #expect(try Manifest(parsing: SmallBundle.bytes(more)) == Manifest(parsing: SmallBundle.bytes(SmallBundle.manifest)))
    }

    @Test("what is no JSON is refused") func whatIsNoJSONIsRefused() {
        for bytes in [Data("{\"schema_version\": 13,".utf8), Data([0x22, 0xff, 0x22])] {
            refuses(bytes, "manifest.json is damaged (it is no JSON, or not in UTF-8); export the model again.")
        }
        refuses(Data("[]".utf8), "all of it should be an object and is []")
    }

    @Test("another schema version is refused, with what to do") func anotherSchemaVersionIsRefusedWithWhatToDo() {
        for version: JSONValue in [12, 14, "13", nil] {
            refuses("has schema version \(version.shown), and this app reads 13; export the model again, with the") {
                $0["schema_version"] = version
            }
        }
        refuses(Data("{\"schema_version\": 14}".utf8), "schema version 14")
    }

    @Test("a field that is missing is refused by its place") func aFieldThatIsMissingIsRefusedByItsPlace() {
        refuses("weights is missing") { $0["weights"] = .none }
        refuses("model.image_size is missing") { $0["model"] = ["name": "x", "task": "track"] }
        refuses("graphs[3].vectors is missing") { $0["graphs"]?[named: "track_step"]["vectors"] = .none }
    }

    @Test("a field of another type is refused by its place") func aFieldOfAnotherTypeIsRefusedByItsPlace() {
        refuses("weights.trained should be true or false and is \"yes\"") { $0["weights"]?["trained"] = "yes" }
        refuses("weights.trained should be true or false and is 1") { $0["weights"]?["trained"] = 1 }
        refuses("graphs[0].inputs[0].shape[2] should be a whole number from 1 to 67108864 and is 0.5") {
            $0["graphs"]?.list[0]["inputs"]?.list[0]["shape"] = [1, 3, 0.5, 32]
        }
    }

    @Test("a path that leads out of the bundle is refused") func aPathThatLeadsOutOfTheBundleIsRefused() {
        for path in ["../secret", "/etc/passwd", "a//b", "a/./b", "a\\b", "a\nb", "https://example.org/a", ""] {
            refuses("sequence.file is no path in a bundle") { $0["sequence"]?["file"] = .string(path) }
        }
    }

    @Test("a list that no bundle has is refused") func aListThatNoBundleHasIsRefused() {
        refuses("files has 10001 entries, and at most 10000 are taken") {
            $0["files"] = .array(Array(repeating: $0["files"]!.list[0], count: 10_001))
        }
    }

    @Test("a model that is no tracker is refused") func aModelThatIsNoTrackerIsRefused() {
        refuses("The bundle holds mobilevit_s, which is no tracker; export one") {
            $0["model"] = ["name": "mobilevit_s", "task": "classify", "image_size": 256]
        }
    }

    @Test("a graph that is missing, unknown or there twice is refused")
    func aGraphThatIsMissingUnknownOrThereTwiceIsRefused() {
        refuses("the graph track_step is missing") { $0["graphs"]?.list.removeAll { $0["name"] == "track_step" } }
        refuses("a graph is there twice") { manifest in
            let graph = manifest["graphs"]!.list[0]
            manifest["graphs"]?.list.append(graph)
        }
        refuses("there is a graph look_back, which no tracker has") {
            var graph = $0["graphs"]!.list[0]
            graph["name"] = "look_back"
            $0["graphs"]?.list.append(graph)
        }
    }

    @Test("a graph that takes or gives something else is refused") func aGraphThatTakesOrGivesSomethingElseIsRefused() {
        refuses("encode_image takes picture, and should take image") {
            $0["graphs"]?[named: "encode_image"]["inputs"]?[named: "image"]["name"] = "picture"
        }
        refuses("track_step gives mask_logits, quality, object_score, ") {
            $0["graphs"]?[named: "track_step"]["outputs"]?[named: "iou"]["name"] = "quality"
        }
    }

    @Test("shapes that the image does not give are refused") func shapesThatTheImageDoesNotGiveAreRefused() {
        let cases: [(String, String, String, JSONValue, String)] = [
            ("encode_image", "inputs", "image", [1, 3, 64, 64],
             "image of encode_image has the shape [1, 3, 64, 64], and should have [1, 3, 32, 32]"),
            ("encode_image", "outputs", "features", [1, 8, 4, 4], "which images of 32 pixels do not give"),
            ("encode_image", "outputs", "features", [1], "which images of 32 pixels do not give"),
            ("track_step", "inputs", "features", [1, 9, 2, 2], "should have [1, 8, 2, 2]"),
            ("track_step", "outputs", "mask_logits", [1, 1, 16, 16], "should have [1, 1, 8, 8]"),
        ]
        for (graph, side, name, shape, sentence) in cases {
            refuses(sentence) { $0["graphs"]?[named: graph][side]?[named: name]["shape"] = shape }
        }
        refuses("images of 40 pixels are no multiple of 16") { $0["model"]?["image_size"] = 40 }
    }

    @Test("a tensor that fills the memory is refused") func aTensorThatFillsTheMemoryIsRefused() {
        let (large, most): (JSONValue, JSONValue) = (1_048_576, 67_108_864)
        for shape: JSONValue in [[large, large], [most, most, most, most, most, most]] {
            refuses("memory of track_step has more than the 67108864 values that are taken") {
                $0["graphs"]?[named: "track_step"]["inputs"]?[named: "memory"]["shape"] = shape
            }
        }
    }

    @Test("a state of another shape than the input that it becomes is refused")
    func aStateOfAnotherShapeThanTheInputThatItBecomesIsRefused() {
        refuses("next_memory of prompt_mask has the shape [7, 4, 3], and should have [6, 4, 3]") {
            $0["graphs"]?[named: "prompt_points"]["outputs"]?[named: "next_memory"]["shape"] = [6, 4, 3]
        }
    }

    @Test("a state that is not one to one is refused") func aStateThatIsNotOneToOneIsRefused() {
        refuses("two outputs of its state are one input") {
            $0["state"] = ["next_memory": "memory", "next_memory_valid": "memory"]
        }
        refuses("and should give mask_logits, iou, object_score, next_memory;") {
            $0["state"] = ["next_memory": "memory"]
        }
        refuses("it has no state") { $0["state"] = [:] }
    }

    @Test("artefacts that are not those of the graphs are refused") func artefactsThatAreNotThoseOfTheGraphsAreRefused() {
        refuses("its artefacts are not one of each graph in each variant") { $0["artifacts"]?.list.removeFirst() }
        refuses("the tflite artefact of track_step takes or gives something else than the graph") {
            $0["artifacts"]?[named: "track_step"]["outputs"]?.list.removeFirst()
        }
    }

    @Test("a file that is not listed, or of another size than its artefact, is refused")
    func aFileThatIsNotListedOrOfAnotherSizeThanItsArtefactIsRefused() {
        refuses("vectors/sequence.safetensors is not among its files") {
            $0["files"]?.list.removeAll { $0["path"] == "vectors/sequence.safetensors" }
        }
        refuses("tflite/track_step.tflite is not among its files") {
            $0["files"]?.list.removeAll { $0["path"] == "tflite/track_step.tflite" }
        }
        refuses("tflite/encode_image.tflite has 22 bytes, and its artefact 7") {
            $0["artifacts"]?[named: "encode_image"]["bytes"] = 7
        }
        refuses("a file is listed twice") { manifest in
            let file = manifest["files"]!.list[0]
            manifest["files"]?.list.append(file)
        }
    }

    /// Whether the changed manifest is refused in one sentence that says so
    private func refuses(
        _ sentence: String, at location: SourceLocation = #_sourceLocation, _ change: (inout JSONValue) -> Void
    ) {
        refuses(SmallBundle.bytes(SmallBundle.changed(change)), sentence, at: location)
    }

    private func refuses(_ bytes: Data, _ sentence: String, at location: SourceLocation = #_sourceLocation) {
        #expect(sourceLocation: location) {
            try Manifest(parsing: bytes)
        } throws: { error in
            let message = error.localizedDescription
            return error is BundleError && message.contains(sentence) && message.hasSuffix(".") && !message.contains("\n")
        }
    }
}
