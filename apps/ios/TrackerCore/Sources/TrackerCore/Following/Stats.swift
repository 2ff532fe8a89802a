/// One frame that was followed.
public struct FrameTimes: Sendable {
    /// ms of one clock: when the picture was taken, when its turn came, and when its masks were there
    public var taken: Double
    public var begun: Double
    public var shown: Double
    /// Graph -> ms, all its runs for this frame together
    public var graphs: [String: Double]
    /// Frames that were dropped since the one before
    public var dropped: Int

    public init(taken: Double, begun: Double, shown: Double, graphs: [String: Double], dropped: Int) {
        self.taken = taken
        self.begun = begun
        self.shown = shown
        self.graphs = graphs
        self.dropped = dropped
    }
}

/// How fast frames are followed, from the last of them. Measured on this device; nothing is estimated.
public struct Stats: Sendable {
    public struct Summary: Equatable, Sendable {
        /// Frames a second
        public var fps: Double?
        /// ms from a picture's turn to its masks, of the graphs and all else
        public var frame: Percentiles?
        public var graphs: [String: Percentiles]
        /// Frames, since the start
        public var dropped: Int
        public var followed: Int
    }

    /// How many frames count
    private static let window = 90

    /// ms from masks to the next picture. After a longer break it is another run, whose rate the break says nothing of.
    private static let longestBreak = 2000.0

    /// The last frames, the oldest first
    public private(set) var frames: [FrameTimes] = []
    private var dropped = 0
    private var followed = 0

    public init() {}

    public mutating func add(_ frame: FrameTimes) {
        if let last = frames.last, frame.taken - last.shown > Self.longestBreak { frames = [] }
        if frames.count == Self.window { frames.removeFirst() }
        frames.append(frame)
        dropped += frame.dropped
        followed += 1
    }

    public mutating func clear() {
        self = Stats()
    }

    public var summary: Summary {
        let names = Set(frames.flatMap { $0.graphs.keys })
        let graphs = names.map { name in (name, Percentiles(of: frames.compactMap { $0.graphs[name] })!) }
        let span = frames.isEmpty ? 0 : frames.last!.shown - frames.first!.shown
        return Summary(
            fps: span > 0 ? 1000 * Double(frames.count - 1) / span : nil,
            frame: Percentiles(of: frames.map { $0.shown - $0.begun }),
            graphs: Dictionary(uniqueKeysWithValues: graphs),
            dropped: dropped, followed: followed)
    }
}
