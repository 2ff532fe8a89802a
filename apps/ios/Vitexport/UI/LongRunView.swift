import SwiftUI

/// How far a long run is, and a button that stops it.
struct LongRunView: View {
    let run: LongRun

    var body: some View {
        if run.isRunning {
            VStack(alignment: .leading) {
                ProgressView(value: run.share) { Text(run.what).font(.callout.monospacedDigit()) }
                Button("Stop", role: .cancel) { Task { await run.stop() } }
            }
        }
    }
}
