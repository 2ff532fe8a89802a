/// Between a camera that does not wait and a model that takes its time: one frame is in flight, the newest waits, and
/// older ones are dropped. So what is shown is as fresh as the model allows, and memory does not grow.
///
/// A frame's memory is let go when it was worked on or dropped. Any thread may offer frames.
public final class LatestFrameGate<Frame: Sendable>: Sendable {
    private let work: @Sendable (Frame) async throws -> Void
    private let failed: @Sendable (any Error) -> Void
    private let state = Locked(State())

    private struct State {
        var waiting: Frame?
        var running: Task<Void, Never>?
        var dropped = 0
        var isClosed = false
    }

    /// `work` has one frame at a time. What it throws goes to `failed`, and the next frame has its turn.
    public init(
        work: @escaping @Sendable (Frame) async throws -> Void, failed: @escaping @Sendable (any Error) -> Void
    ) {
        self.work = work
        self.failed = failed
    }

    /// How many frames gave way to newer ones
    public var dropped: Int { state.withLock { $0.dropped } }

    /// Take a frame, which is worked on as soon as none is in flight.
    public func offer(_ frame: Frame) {
        state.withLock { state in
            guard !state.isClosed else { return }
            if state.waiting != nil { state.dropped += 1 }
            state.waiting = frame
            if state.running == nil { state.running = Task(priority: .userInitiated) { await self.run() } }
        }
    }

    /// Give up the frame that waits, and take no more: a camera that was stopped may still be handing one over. The one in
    /// flight ends.
    public func close() {
        state.withLock { ($0.waiting, $0.isClosed) = (nil, true) }
    }

    /// Returns when no frame is in flight and none waits.
    public func drained() async {
        while let running = state.withLock({ $0.running }) { await running.value }
    }

    private func run() async {
        while let frame = next() {
            do {
                try await work(frame)
            } catch {
                failed(error)
            }
        }
    }

    /// The frame that waits; where there is none, nothing is running any more.
    private func next() -> Frame? {
        state.withLock { state in
            defer { state.waiting = nil }
            if state.waiting == nil { state.running = nil }
            return state.waiting
        }
    }
}
