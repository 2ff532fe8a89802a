import Testing

@testable import TrackerCore

@Suite struct SequenceTests {
    private var stored = SmallSequence(maskLogits: (0..<192).map(Float.init))

    @Test("frames, prompts and masks are read, absent points left out")
    func framesPromptsAndMasksAreReadAbsentPointsLeftOut() throws {
        let sequence = try stored.read()
        #expect([sequence.frames, sequence.objects, sequence.size, sequence.side] == [6, 2, 16, 4])
        let corners = [PromptPoint(x: 1, y: 2, label: .upperLeft), PromptPoint(x: 3, y: 4, label: .lowerRight)]
        #expect(sequence.prompts == [
            0: [Prompt(object: 0, points: corners)],
            2: [Prompt(object: 1, points: [PromptPoint(x: 5, y: 6, label: .on)])],
            4: [Prompt(object: 1, points: [PromptPoint(x: 7, y: 8, label: .on)])],
        ])
        #expect(sequence.pixels[16 * 16 * 3] == 11)
        #expect(sequence.maskLogits[17] == 17)
    }

    @Test("a bundle without a sequence is refused") func aBundleWithoutASequenceIsRefused() throws {
        let without = SmallBundle.changed { $0["sequence"] = JSONValue.null }
        let bundle = try TrackerBundle(opening: MemorySource(files: SmallBundle.files(without)))
        let sentence = "The bundle has no sequence to test with; export the model again."
        #expect(throws: BundleError(sentence: sentence)) { try ConformanceSequence(of: bundle) }
    }

    @Test("a tensor of another shape is refused by name") mutating func aTensorOfAnotherShapeIsRefused() {
        stored.shape = "2, 6, 1, 16, 1"
        refuses("output.mask_logits is missing or is not [2, 6, 1, 4, 4]")
    }

    @Test("prompts that are none are refused") mutating func promptsThatAreNoneAreRefused() {
        let right = stored
        for labels in [[-2, -2, -2, -2], [-2, 1, -2, -2], [7, 1, -2, -2]] as [[Float]] {
            stored.labels.replaceSubrange(0..<4, with: labels)
            refuses("the prompt of object 0 in frame 0 is none")
        }
        stored = right
        stored.points[0] = .nan
        refuses("the prompt of object 0 in frame 0 is none")
        stored = right
        stored.promptFrame[2] = 6
        refuses("object 1 is prompted in frame 6")
        stored = right
        stored.promptObject = [0, 2, 1]
        refuses("object 2 is prompted in frame 2")
        stored.promptObject = [0, 0, 0]
        refuses("an object has no prompt")
        stored = right
        stored.promptFrame = [0, 2, 2]
        refuses("object 1 is prompted twice in frame 2")
    }

    @Test("masks that are not finite are refused") mutating func masksThatAreNotFiniteAreRefused() {
        stored.maskLogits[3] = .infinity
        refuses("its masks are not finite")
    }

    private func refuses(_ why: String, at location: SourceLocation = #_sourceLocation) {
        let sentence = "vectors/sequence.safetensors is damaged (\(why)); export the model again."
        #expect(throws: BundleError(sentence: sentence), sourceLocation: location) { try stored.read() }
    }
}
