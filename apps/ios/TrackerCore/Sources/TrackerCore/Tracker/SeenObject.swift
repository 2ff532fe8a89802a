/// What an object is in a frame. It is idle before its first prompt: then the tracker has none.
public enum ObjectStatus: String, Sendable {
    case prompted, tracking, lost
}

/// One object in one frame.
public struct SeenObject: Sendable {
    public let id: Int
    public let status: ObjectStatus
    /// [1, 1, S/4, S/4], positive on the object; the tracker's own, which the frame after the next writes over: copy what
    /// should outlast the next frame
    public let maskLogits: Tensor
    public let iou: Float
    public let objectScore: Float
}

/// All objects in one frame.
public struct SeenFrame: Sendable {
    public let objects: [SeenObject]
    /// Graph -> ms of each of its runs for this frame
    public let ms: [String: [Double]]
}
