import Observation
import TrackerCore

/// Something that takes long: how far it is, and what it is at.
@MainActor
@Observable
final class LongRun {
    private(set) var isRunning = false
    private(set) var share = 0.0
    private(set) var what = ""
    private let workbench: Workbench

    init(_ workbench: Workbench) {
        self.workbench = workbench
    }

    /// nil where it failed, which is said. `who` is the subject of a sentence.
    func run<Result: Sendable>(
        _ who: String, _ work: (Engine, @escaping OnProgress) async throws -> Result
    ) async -> Result? {
        await workbench.occupy(who) {
            (isRunning, share, what) = (true, 0, "Starting")
            defer { isRunning = false }
            return try await work(workbench.engine) { [weak self] share, what in
                await self?.now(share, what)
                return true
            }
        }
    }

    func stop() async {
        await workbench.engine.stop()
    }

    private func now(_ share: Double, _ what: String) {
        (self.share, self.what) = (share, what)
    }
}
