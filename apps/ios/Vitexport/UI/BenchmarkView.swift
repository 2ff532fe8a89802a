import SwiftUI
import TrackerCore

/// How long the graphs take on this device, for a minute or for ten: in the long run, phones get hot and slow.
struct BenchmarkView: View {
    let workbench: Workbench
    let benchmark: MeasuredRun<BenchmarkResult>

    var body: some View {
        Form {
            Section {
                Button("Run for a minute") { Task { await measure(seconds: 60) } }.disabled(!isReady)
                Button("Run for ten minutes") { Task { await measure(seconds: 600) } }.disabled(!isReady)
                LongRunView(run: benchmark.run)
            } footer: {
                Text("Does what tracking does for every frame, as fast as this device can, and times each graph. Leave "
                    + "the app in view meanwhile; ten minutes show how much slower the device gets when it is hot. The "
                    + "self-test comes first.")
            }
            if let (result, circumstances) = benchmark.measured, let opened = workbench.opened {
                BenchmarkFigures(result: result)
                ResultCard(workbench: workbench, circumstances: circumstances) {
                    try Report(result, of: opened.bundle, $0)
                }
            }
        }
        .inView(for: benchmark)
        .onChange(of: workbench.opened?.configuration) { benchmark.forget() }
    }

    private var isReady: Bool { workbench.opened != nil && workbench.occupied == nil }

    private func measure(seconds: Double) async {
        await benchmark.measure("The benchmark", format: \.configuration.format) {
            try await $0.benchmark(seconds: seconds, onProgress: $1)
        }
    }
}

private struct BenchmarkFigures: View {
    let result: BenchmarkResult

    var body: some View {
        Section("Result") {
            LabeledContent("Frames a second", value: String(format: "%.1f", result.fps))
            LabeledContent("ms a frame, median", value: Words.ms(result.frames.p50))
            ForEach(result.graphs.sorted { $0.key < $1.key }, id: \.key) { name, graph in
                times(name, graph.times)
            }
            times("resize", result.resize)
            if let first = result.halfMinutes.first, let last = result.halfMinutes.last, result.halfMinutes.count > 1 {
                Text("A frame took \(Words.ms(first)) ms in the first half minute, and \(Words.ms(last)) ms in the last.")
            }
            Text(tested)
        }
    }

    private func times(_ name: String, _ times: Times) -> some View {
        LabeledContent(name) {
            Text("\(Words.ms(times.p50)) ms, 90 %: \(Words.ms(times.p90)), 99 %: \(Words.ms(times.p99)), \(times.n) runs")
                .monospacedDigit()
        }
    }

    private var tested: String {
        guard let test = result.selfTest, !test.stopped else {
            return "The self-test was not run to its end: whoever reads these figures cannot tell whether the masks "
                + "were right."
        }
        return test.pass
            ? "The self-test agreed with PyTorch."
            : "The self-test does NOT agree with PyTorch: these figures are of wrong masks."
    }
}
