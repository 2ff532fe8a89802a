import Foundation

/// The bundle's sequence: frames, prompts, and what PyTorch saw in them. `exporter/verify/conformance.py` writes it and
/// says what its tensors are.
struct ConformanceSequence {
    let frames: Int
    let objects: Int
    /// Pixels of a frame's side
    let size: Int
    /// Of a mask's
    let side: Int
    /// RGB [frames, size, size, 3]
    let pixels: [UInt8]
    /// Frame -> who is prompted in it
    let prompts: [Int: [Prompt]]
    /// [objects, frames, side, side]; zeros before an object's first prompt, and not compared there
    var maskLogits: [Float]

    /// Throws `BundleError` for a bundle without a sequence, and for one that is not what its manifest says.
    init(of bundle: TrackerBundle) throws {
        guard let entry = bundle.manifest.sequence else {
            throw BundleError(sentence: "The bundle has no sequence to test with; export the model again.")
        }
        try self.init(bundle.read(entry.file), entry: entry, size: bundle.manifest.model.imageSize)
    }

    init(_ file: Data, entry: Manifest.Sequence, size: Int) throws {
        let stored = StoredSequence(tensors: try Safetensors(file, path: entry.file).tensors, path: entry.file)
        (frames, objects, self.size, side) = (entry.frames, entry.objects, size, size / TrackerContract.logit)
        pixels = try stored.tensor("input.frames", .uint8, [frames, size, size, 3]).values(UInt8.self)
        maskLogits = try stored.tensor("output.mask_logits", .float32, [objects, frames, 1, side, side])
            .values(Float.self)
        guard maskLogits.allSatisfy(\.isFinite) else { throw stored.damaged("its masks are not finite") }
        prompts = try stored.prompts(frames: frames, objects: objects)
    }

    /// Of an object in a frame, where its logits are among `maskLogits`
    func place(object: Int, frame: Int) -> Range<Int> {
        let begin = (object * frames + frame) * side * side
        return begin..<begin + side * side
    }
}

private struct StoredSequence {
    let tensors: [String: Safetensors.Stored]
    let path: String

    func tensor(_ name: String, _ dtype: Safetensors.DType, _ shape: [Int]) throws -> Safetensors.Stored {
        guard let found = tensors[name], found.dtype == dtype, found.shape == shape else {
            throw damaged("\(name) is missing or is not \(shape)")
        }
        return found
    }

    func damaged(_ what: String) -> BundleError {
        BundleError(sentence: "\(path) is damaged (\(what)); export the model again.")
    }

    func prompts(frames: Int, objects: Int) throws -> [Int: [Prompt]] {
        let count = tensors["input.prompt_frame"]?.shape.first ?? 0
        let promptFrames = try tensor("input.prompt_frame", .int32, [count]).values(Int32.self)
        let promptObjects = try tensor("input.prompt_object", .int32, [count]).values(Int32.self)
        let points = try tensor("input.points", .float32, [count, Prompt.points, 2]).values(Float.self)
        let labels = try tensor("input.labels", .float32, [count, Prompt.points]).values(Float.self)
        var prompts: [Int: [Prompt]] = [:]
        for index in 0..<count {
            let (frame, object) = (Int(promptFrames[index]), Int(promptObjects[index]))
            guard 0..<frames ~= frame, 0..<objects ~= object else {
                throw damaged("object \(object) is prompted in frame \(frame)")
            }
            let range = index * Prompt.points..<(index + 1) * Prompt.points
            guard let given = present(range.map { (points[2 * $0], points[2 * $0 + 1], labels[$0]) }) else {
                throw damaged("the prompt of object \(object) in frame \(frame) is none")
            }
            if prompts[frame, default: []].contains(where: { $0.object == object }) {
                throw damaged("object \(object) is prompted twice in frame \(frame)")
            }
            prompts[frame, default: []].append(Prompt(object: object, points: given))
        }
        guard Set(promptObjects).count == objects else { throw damaged("an object has no prompt") }
        return prompts
    }

    /// The points of a prompt without those that are absent, which come last; nil where it is no prompt.
    private func present(_ given: [(x: Float, y: Float, label: Float)]) -> [PromptPoint]? {
        let count = given.firstIndex { $0.label == Prompt.absent } ?? given.count
        let points = given[..<count].compactMap { point -> PromptPoint? in
            guard let label = Int(exactly: point.label).flatMap(PromptPoint.Label.init), point.x.isFinite, point.y.isFinite
            else { return nil }
            return PromptPoint(x: point.x, y: point.y, label: label)
        }
        guard count > 0, points.count == count, given[count...].allSatisfy({ $0.label == Prompt.absent }) else { return nil }
        return points
    }
}
