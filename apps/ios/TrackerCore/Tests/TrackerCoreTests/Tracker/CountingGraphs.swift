@testable import TrackerCore

/// A graph that is computed here. It refuses tensors of wrong sizes, and those that it would read and write at once.
final class ComputedGraph: GraphRunner {
    typealias Compute = @Sendable (_ inputs: [String: [Float]]) -> [String: [Float]]

    let inputs: [TensorSpec]
    let outputs: [TensorSpec]
    private let compute: Compute
    private let state = Locked((runs: 0, fault: nil as (any Error)?))

    init(_ inputs: [TensorSpec], _ outputs: [TensorSpec], _ compute: @escaping Compute) {
        (self.inputs, self.outputs, self.compute) = (inputs, outputs, compute)
    }

    var runs: Int { state.withLock { $0.runs } }

    /// What the next run throws instead of finishing
    func failNext(_ fault: any Error) {
        state.withLock { $0.fault = fault }
    }

    func makeTensor(for spec: TensorSpec) -> Tensor { Tensor(shape: spec.shape) }

    func run(_ given: [String: Tensor], into results: [String: Tensor]) async throws {
        for (specs, tensors) in [(inputs, given), (outputs, results)] {
            for spec in specs where tensors[spec.name]?.shape != spec.shape {
                throw RunnerError(sentence: "\(spec.name) has another shape.")
            }
        }
        let read = Set(given.values.map { ObjectIdentifier($0.memory) })
        for (name, tensor) in results {
            if read.contains(ObjectIdentifier(tensor.memory)) {
                throw RunnerError(sentence: "\(name) is read and written at once.")
            }
            // so that whoever reads a tensor while it is written sees it
            tensor.fill(from: Array(repeating: .nan, count: tensor.count))
        }
        let fault = state.withLock { state in
            defer { state.fault = nil }
            state.runs += 1
            return state.fault
        }
        await Task.yield()
        if let fault { throw fault }
        for (name, values) in compute(given.mapValues(\.values)) { results[name]!.fill(from: values) }
    }
}

/// The graphs of a tracker that count instead of seeing, so that each number of a result says where it came from. The
/// state shifts as that of a real tracker does: the newest first, the prompted frame's last.
struct CountingGraphs {
    static let state = ["next_trail": "trail", "next_steps": "steps"]

    /// iou of what a graph gives, by which it is known
    static let (promptPoints, trackFirst, trackStep): (Float, Float, Float) = (0.25, 0.5, 0.75)

    let encode: ComputedGraph
    let prompt: ComputedGraph
    let first: ComputedGraph?
    let step: ComputedGraph

    var graphs: TrackerGraphs {
        TrackerGraphs(encodeImage: encode, promptPoints: prompt, trackFirst: first, trackStep: step)
    }

    /// Features are the image's first number, and the object's score is that of the features.
    init(pooled: Bool = false) {
        let features = TensorSpec(name: "features", shape: [1], kind: .features)
        let trail = [
            TensorSpec(name: "trail", shape: [Self.slots], kind: .memory), TensorSpec(name: "steps", shape: [1], kind: .flags),
        ]
        let found = [
            TensorSpec(name: "mask_logits", shape: [1, 1, 2, 2], kind: .maskLogits),
            TensorSpec(name: "iou", shape: [1, 1], kind: .score),
            TensorSpec(name: "object_score", shape: [1, 1], kind: .score),
            TensorSpec(name: "next_trail", shape: [Self.slots], kind: .memory),
            TensorSpec(name: "next_steps", shape: [1], kind: .flags),
        ]
        let stepping = { (mark: Float) in ComputedGraph([features] + trail, found, Self.steps(mark)) }
        encode = ComputedGraph([TensorSpec(name: "image", shape: [3], kind: .image)], [features]) {
            ["features": [$0["image"]![0]]]
        }
        let prompt = [
            features, TensorSpec(name: "points", shape: [1, 4, 2], kind: .points),
            TensorSpec(name: "labels", shape: [1, 4], kind: .pointLabels),
        ]
        self.prompt = ComputedGraph(prompt, found) { inputs in
            let (points, labels) = (inputs["points"]!, inputs["labels"]!)
            return [
                "mask_logits": [points[0], points[1], labels[0], labels[1]], "iou": [Self.promptPoints],
                "object_score": [1], "next_trail": [0, 0, 0, inputs["features"]![0]], "next_steps": [0],
            ]
        }
        first = pooled ? stepping(Self.trackFirst) : nil
        step = stepping(Self.trackStep)
    }

    private static let slots = 4

    private static func steps(_ mark: Float) -> ComputedGraph.Compute {
        { inputs in
            let (features, trail) = (inputs["features"]!, inputs["trail"]!)
            return [
                "mask_logits": trail, "iou": [mark], "object_score": features,
                "next_trail": features + trail[..<(slots - 2)] + [trail[slots - 1]],
                "next_steps": [inputs["steps"]![0] + 1],
            ]
        }
    }
}
