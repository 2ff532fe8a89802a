import Observation
import TrackerCore

/// A long run whose times count only if the app was in view all the while: out of view it is slowed down.
@MainActor
@Observable
final class MeasuredRun<Result: Sendable> {
    /// nil while nothing was measured
    private(set) var measured: (result: Result, circumstances: Circumstances)?
    let run: LongRun
    private let workbench: Workbench
    @ObservationIgnored private var wasOutOfView = false

    init(_ workbench: Workbench) {
        self.workbench = workbench
        run = LongRun(workbench)
    }

    /// `who` is the subject of a sentence, and `format` that of what was run.
    func measure(
        _ who: String, format: (Result) -> String, _ work: (Engine, @escaping OnProgress) async throws -> Result
    ) async {
        (measured, wasOutOfView) = (nil, false)
        let measurement = Measurement()
        let result = await run.run(who, work)
        let version = result.flatMap { Runtime.all[format($0)]?.version }
        let circumstances = measurement.end(version: version ?? "")
        guard let result else { return }
        if wasOutOfView {
            workbench.notice = "The app was out of view, where it is slowed down: leave it in view, and run it again."
        } else {
            measured = (result, circumstances)
        }
    }

    /// The app, or the screen of this run, is out of view.
    func leftView() {
        guard run.isRunning else { return }
        wasOutOfView = true
        Task { await run.stop() }
    }

    /// What was measured is of something else than what is open now.
    func forget() {
        measured = nil
    }
}
