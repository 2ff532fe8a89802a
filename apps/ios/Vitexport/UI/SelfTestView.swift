import SwiftUI
import TrackerCore

/// Whether this device's masks are those of PyTorch.
struct SelfTestView: View {
    let workbench: Workbench
    let run: LongRun
    @State private var result: SelfTestResult?

    var body: some View {
        Form {
            Section {
                Button("Run the self-test") { Task { await test() } }
                    .disabled(workbench.opened == nil || workbench.occupied != nil)
                LongRunView(run: run)
            } footer: {
                Text("Follows the frames that the bundle brings along, and compares each mask with PyTorch's.")
            }
            if let result {
                Section("Result") {
                    Label(
                        result.pass ? "Agrees" : "Does not agree",
                        systemImage: result.pass ? "checkmark.circle" : "xmark.octagon")
                    Text(result.detail)
                }
            }
        }
        .onChange(of: workbench.opened?.configuration) { result = nil }
    }

    private func test() async {
        result = await run.run("The self-test") { try await $0.selfTest(onProgress: $1) }
    }
}
