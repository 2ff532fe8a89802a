import SwiftUI
import TrackerCore

/// How fast it goes, measured on this device.
struct FiguresView: View {
    let model: TrackModel

    /// s; more often nobody reads figures
    private static let refresh = 0.25

    var body: some View {
        TimelineView(.periodic(from: .now, by: Self.refresh)) { _ in
            let summary = model.stats.summary
            let last = model.stats.frames.last
            VStack(alignment: .leading) {
                HStack(spacing: 16) {
                    figure("frames/s", summary.fps.map { String(format: "%.1f", $0) })
                    figure("ms a frame", summary.frame.map { Words.ms($0.p50) })
                    figure("mask age, ms", last.map { Words.ms($0.shown - $0.taken) })
                    figure("dropped", summary.followed > 0 ? String(summary.dropped) : nil)
                }
                Text(graphs(summary)).font(.caption2).foregroundStyle(.secondary)
            }
        }
    }

    /// Such as "encode_image 12, track_step 9.1 ms", of the median frame
    private func graphs(_ summary: Stats.Summary) -> String {
        let each = summary.graphs.sorted { $0.key < $1.key }.map { "\($0.key) \(Words.ms($0.value.p50))" }
        return each.isEmpty ? "" : each.joined(separator: ", ") + " ms"
    }

    private func figure(_ name: String, _ value: String?) -> some View {
        VStack(alignment: .leading) {
            Text(value ?? "–").font(.body.monospacedDigit())
            Text(name).font(.caption2).foregroundStyle(.secondary)
        }
        .accessibilityElement(children: .combine)
    }
}
