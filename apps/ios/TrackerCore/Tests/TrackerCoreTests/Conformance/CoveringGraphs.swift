@testable import TrackerCore

/// Graphs whose mask covers as many of 16 pixels as steps were made since the prompt, and one more; the step adds the
/// colour of the frame to the state, so that a frame that is not the file's shows as well.
struct CoveringGraphs {
    let graphs: TrackerGraphs

    /// Blind ones have empty masks.
    init(isBlind: Bool = false) {
        let image = TensorSpec(name: "image", shape: [1, 3, SmallSequence.size, SmallSequence.size], kind: .image)
        let features = TensorSpec(name: "features", shape: [1], kind: .features)
        let state = [TensorSpec(name: "trail", shape: [1], kind: .memory), TensorSpec(name: "steps", shape: [1], kind: .flags)]
        let found = [
            TensorSpec(name: "mask_logits", shape: [1, 1, SmallSequence.side, SmallSequence.side], kind: .maskLogits),
            TensorSpec(name: "iou", shape: [1, 1], kind: .score), TensorSpec(name: "object_score", shape: [1, 1], kind: .score),
            TensorSpec(name: "next_trail", shape: [1], kind: .memory), TensorSpec(name: "next_steps", shape: [1], kind: .flags),
        ]
        let seen = { @Sendable (steps: Float, trail: Float) -> [String: [Float]] in
            [
                "mask_logits": isBlind ? Array(repeating: -1, count: 16) : Self.mask(steps: Int(steps), trail: trail),
                "iou": [1], "object_score": [1], "next_trail": [trail], "next_steps": [steps],
            ]
        }
        let prompt = [
            features, TensorSpec(name: "points", shape: [1, 4, 2], kind: .points),
            TensorSpec(name: "labels", shape: [1, 4], kind: .pointLabels),
        ]
        graphs = TrackerGraphs(
            encodeImage: ComputedGraph([image], [features]) { ["features": [$0["image"]![0]]] },
            promptPoints: ComputedGraph(prompt, found) { seen(0, $0["features"]![0]) },
            trackFirst: nil,
            trackStep: ComputedGraph([features] + state, found) {
                seen($0["steps"]![0] + 1, $0["trail"]![0] + $0["features"]![0])
            })
    }

    /// What these graphs see: object 0 from frame 0 on, object 1 from frame 2, and anew from frame 4.
    static let expectedMasks: [Float] = [[0], [2, 4]].flatMap { prompted in
        (0..<SmallSequence.entry.frames).flatMap { frame -> [Float] in
            guard let since = prompted.last(where: { $0 <= frame }) else { return Array(repeating: 0, count: 16) }
            return mask(steps: frame - since, trail: (since...frame).reduce(0) { $0 + Float(10 + $1) })
        }
    }

    private static func mask(steps: Int, trail: Float) -> [Float] {
        Array(repeating: 1 + trail, count: steps + 1) + Array(repeating: -1, count: 15 - steps)
    }
}
