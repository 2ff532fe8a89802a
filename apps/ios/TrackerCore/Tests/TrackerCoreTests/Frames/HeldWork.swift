@testable import TrackerCore

/// Work on frames that ends when a test says so.
final class HeldWork<Frame: Sendable>: Sendable {
    private let state = Locked(State())

    private struct State {
        var begun: [(frame: Frame, end: CheckedContinuation<Void, any Error>)] = []
        var inFlight = 0
        var mostInFlight = 0
    }

    func callAsFunction(_ frame: Frame) async throws {
        defer { state.withLock { $0.inFlight -= 1 } }
        try await withCheckedThrowingContinuation { end in
            state.withLock { state in
                state.inFlight += 1
                state.mostInFlight = max(state.mostInFlight, state.inFlight)
                state.begun.append((frame, end))
            }
        }
    }

    var count: Int { state.withLock { $0.begun.count } }
    var mostInFlight: Int { state.withLock { $0.mostInFlight } }

    /// Lets the frame go that was begun as this one
    func end(_ place: Int, _ result: Result<Void, any Error> = .success(())) {
        state.withLock { $0.begun[place].end }.resume(with: result)
    }

    /// The frame that was begun as this one, once it is
    func begun(_ place: Int) async -> Frame {
        while count <= place { await Task.yield() }
        return state.withLock { $0.begun[place].frame }
    }

    /// Lets everything go that may run, as long as it takes
    func settled() async {
        for _ in 0..<100 { await Task.yield() }
    }
}
