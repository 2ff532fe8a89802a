import SwiftUI
import TrackerCore

/// A kernel pack, run: the small parts that models are made of, each timed, so that any model's time can be told.
struct PackView: View {
    let workbench: Workbench
    let pack: MeasuredRun<PackResult>
    @State private var isChoosing = false

    var body: some View {
        Form {
            Section {
                Button("Choose the folder of a pack") { isChoosing = true }.disabled(workbench.occupied != nil)
                LongRunView(run: pack.run)
            } footer: {
                Text("A kernel pack is a zip of a few hundred small kernels, which vitexport bench --pack makes. Unzip it "
                    + "by a tap in Files. Timed on this device, while the app is in view, they tell how long any model takes "
                    + "on it: save the result, and give it to vitexport latency import.")
            }
            if let (result, circumstances) = pack.measured {
                Section("Result") {
                    LabeledContent("Kernels timed", value: "\(result.kernels.count) of \(result.total)")
                    ForEach(result.failures.prefix(5), id: \.key) { Text("\($0.key): \($0.reason)").font(.caption) }
                    if result.stopped { Text("It was stopped: the other kernels had no turn.") }
                }
                ResultCard(workbench: workbench, circumstances: circumstances) { try Report(result, $0) }
            }
        }
        .inView(for: pack)
        .fileImporter(isPresented: $isChoosing, allowedContentTypes: [.folder]) { choice in
            switch choice {
            case .success(let folder): Task { await time(folder) }
            case .failure(let error): workbench.say(error)
            }
        }
    }

    private func time(_ folder: URL) async {
        let mayRead = folder.startAccessingSecurityScopedResource()
        defer { if mayRead { folder.stopAccessingSecurityScopedResource() } }
        await pack.measure("The kernel pack", format: \.runtime.rawValue) {
            try await $0.time(packIn: folder, onProgress: $1)
        }
    }
}
