/// An object that the user follows.
public struct PointedObject: Identifiable, Sendable {
    /// nil until a frame was followed with its prompt, or after a person went elsewhere in a video: it waits
    public fileprivate(set) var status: ObjectStatus?
    /// 1 to `Objects.most`: its colour
    public let id: Int
    /// Where it was pointed at, in pixels of the model's image
    public let points: [PromptPoint]
    /// The still frame that the points are in; nil where the picture moved on
    public let still: Int?
    public fileprivate(set) var seen: SeenObject?
}

/// The objects that the user follows: what was pointed at, which one is selected, and what became of each.
public struct Objects: Sendable {
    /// Each costs a run of a graph a frame, and there are as many colours that colour-blind people tell apart.
    public static let most = 7

    /// In order of their numbers
    public private(set) var list: [PointedObject] = []
    /// The object that the next point is for; nil where that is a new one
    public var selected: Int?
    private var asked: Set<Int> = []

    public init() {}

    /// Whether there are prompts that no frame was followed with yet
    public var isAsked: Bool { !asked.isEmpty }

    /// Point on, or beside, the selected object, or on a new one. All points in the same still frame count together,
    /// because graphs take the whole prompt at once; in a later frame the object has moved, and starts anew. `still` is nil
    /// while the picture moves. Throws `PromptError`.
    public mutating func point(x: Float, y: Float, isOn: Bool, still: Int?) throws {
        let together = find(selected).flatMap { still != nil && $0.still == still ? $0 : nil }
        if !isOn, together == nil {
            throw PromptError(sentence: still == nil
                ? "Pause first: what does not belong to an object is told by its other points in the same frame."
                : "Point at the object first, and then at what does not belong to it.")
        }
        let earlier = together?.points ?? []
        if earlier.count == Prompt.points {
            throw PromptError(sentence:
                "An object takes \(Prompt.points) points, a box counting as two: delete it, and point anew.")
        }
        try ask(earlier + [PromptPoint(x: x, y: y, label: isOn ? .on : .beside)], still: still)
    }

    /// Draw a box around the selected object, or a new one, which starts anew with it. Throws `PromptError`.
    public mutating func box(left: Float, top: Float, right: Float, bottom: Float, still: Int?) throws {
        let corners = [
            PromptPoint(x: left, y: top, label: .upperLeft), PromptPoint(x: right, y: bottom, label: .lowerRight),
        ]
        try ask(corners, still: still)
    }

    public mutating func delete(_ id: Int) {
        list.removeAll { $0.id == id }
        asked.remove(id)
        if selected == id { selected = nil }
    }

    public mutating func clear() {
        self = Objects()
    }

    /// The prompts that the next frame is followed with
    public mutating func take() -> [Prompt] {
        defer { asked = [] }
        return list.filter { asked.contains($0.id) }.map { Prompt(object: $0.id, points: $0.points) }
    }

    /// No frame was followed with these after all: the next one is, with what is asked of their objects by then.
    public mutating func giveBack(_ prompts: [Prompt]) {
        for prompt in prompts where find(prompt.object) != nil { asked.insert(prompt.object) }
    }

    /// The picture is another now, in which nobody knows yet where the objects are.
    public mutating func elsewhere() {
        for place in list.indices { (list[place].seen, list[place].status) = (nil, nil) }
    }

    /// What became of the objects in a frame. One that was deleted meanwhile stays so.
    public mutating func see(_ objects: [SeenObject]) {
        for object in objects {
            guard let place = list.firstIndex(where: { $0.id == object.id }) else { continue }
            (list[place].seen, list[place].status) = (object, object.status)
        }
    }

    private mutating func ask(_ points: [PromptPoint], still: Int?) throws {
        let id = try selected ?? free()
        let object = PointedObject(status: nil, id: id, points: points, still: still, seen: find(id)?.seen)
        list.removeAll { $0.id == id }
        list.insert(object, at: list.firstIndex { $0.id > id } ?? list.endIndex)
        asked.insert(id)
        selected = id
    }

    private func find(_ id: Int?) -> PointedObject? {
        list.first { $0.id == id }
    }

    private func free() throws -> Int {
        guard let id = (1...Self.most).first(where: { find($0) == nil }) else {
            throw PromptError(sentence: "\(Self.most) objects can be followed at once: delete one first.")
        }
        return id
    }
}
