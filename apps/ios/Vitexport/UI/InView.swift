import SwiftUI

extension View {
    /// Refuses what a run measures while the app, or this screen, is out of view.
    func inView<Result: Sendable>(for run: MeasuredRun<Result>) -> some View {
        modifier(InView(run: run))
    }
}

private struct InView<Result: Sendable>: ViewModifier {
    let run: MeasuredRun<Result>
    @Environment(\.scenePhase) private var scenePhase

    func body(content: Content) -> some View {
        content
            .onChange(of: scenePhase) { if scenePhase != .active { run.leftView() } }
            .onDisappear { run.leftView() }
    }
}
