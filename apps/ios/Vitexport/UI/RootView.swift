import SwiftUI

/// The frame of the app: the banner, messages, and the screens behind their tabs.
struct RootView: View {
    let models: Models

    private var workbench: Workbench { models.workbench }

    var body: some View {
        VStack(spacing: 0) {
            if workbench.opened?.bundle.manifest.weights.trained == false { UntrainedBanner() }
            TabView {
                TrackView(workbench: workbench, model: models.track)
                    .tabItem { Label("Track", systemImage: "viewfinder") }
                SelfTestView(workbench: workbench, run: models.selfTest)
                    .tabItem { Label("Self-test", systemImage: "checkmark.seal") }
                BenchmarkView(workbench: workbench, benchmark: models.benchmark)
                    .tabItem { Label("Benchmark", systemImage: "stopwatch") }
                PackView(workbench: workbench, pack: models.pack)
                    .tabItem { Label("Kernel pack", systemImage: "shippingbox") }
                SettingsView(workbench: workbench)
                    .tabItem { Label("Settings", systemImage: "gearshape") }
            }
        }
        .alert("vitexport", isPresented: hasNotice) {
            Button("OK", role: .cancel) {}
        } message: {
            Text(workbench.notice ?? "")
        }
        .task { await workbench.watchDevice() }
        .task { await workbench.open() }
    }

    private var hasNotice: Binding<Bool> {
        Binding { workbench.notice != nil } set: { if !$0 { workbench.notice = nil } }
    }
}

/// For as long as a bundle with random weights is open
private struct UntrainedBanner: View {
    var body: some View {
        Text("\(Text("UNTRAINED").bold()) The weights are random: masks mean nothing here, only times do.")
            .font(.callout)
            .frame(maxWidth: .infinity)
            .padding(8)
            .background(.yellow)
            .foregroundStyle(.black)
    }
}
