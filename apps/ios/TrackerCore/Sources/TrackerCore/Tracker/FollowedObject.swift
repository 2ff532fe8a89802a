/// Two sets of tensors, made once: one has the newest state and is read, the other is spare and is written.
final class FollowedObject {
    let id: Int
    private(set) var status = ObjectStatus.prompted
    private let sets: [Set]
    private var newest = 0

    /// The outputs of one frame, and the inputs of the next: the same tensors under other names
    private struct Set {
        let outputs: [String: Tensor]
        let inputs: [String: Tensor]
    }

    init(id: Int, step: any GraphRunner, state: [String: String], features: [String: Tensor]) throws {
        self.id = id
        sets = try (0..<2).map { _ in
            let outputs = try step.makeTensors(for: step.outputs)
            let remembered = state.map { output, input in (input, outputs[output]!) }
            return Set(outputs: outputs, inputs: features.merging(remembered) { $1 })
        }
    }

    /// What a step reads: the frame's features, and the newest state
    var inputs: [String: Tensor] { sets[newest].inputs }

    /// Where a graph may write, since nothing is read from there
    var spare: [String: Tensor] { sets[1 - newest].outputs }

    /// `object_score` of what was last written to the spare set
    var spareScore: Float { spare["object_score"]!.scalar }

    /// Take what was written to the spare set for the newest.
    func advance(to status: ObjectStatus) {
        newest = 1 - newest
        self.status = status
    }

    var seen: SeenObject {
        let outputs = sets[newest].outputs
        return SeenObject(
            id: id, status: status, maskLogits: outputs["mask_logits"]!, iou: outputs["iou"]!.scalar,
            objectScore: outputs["object_score"]!.scalar)
    }
}
