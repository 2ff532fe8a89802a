import SwiftUI
import TrackerCore

/// How graphs are run and drawn, and what is open. All of it is kept.
struct SettingsView: View {
    @Bindable var workbench: Workbench

    var body: some View {
        Form {
            if let opened = workbench.opened {
                ways(opened)
            } else {
                Section("Bundle") {
                    Text(workbench.busy ?? "No bundle is open.")
                    Button("Open the bundle in this app") { Task { await workbench.open() } }
                        .disabled(workbench.busy != nil)
                }
            }
            Section("Masks") {
                Slider(value: $workbench.settings.overlayOpacity, in: 0...1) { Text("Opacity") }
                    .accessibilityValue("\(Int(100 * workbench.settings.overlayOpacity)) percent")
            }
            Section("Device") {
                LabeledContent("Temperature", value: workbench.condition.thermal.rawValue)
                LabeledContent("Low Power Mode", value: workbench.condition.isLowPower ? "on" : "off")
                if let words = workbench.condition.words { Text(words) }
            }
            if let opened = workbench.opened { bundle(opened) }
        }
    }

    private func ways(_ opened: Opened) -> some View {
        Section {
            Picker("Runs with", selection: chosen) {
                Text("The app's choice").tag(Configuration?.none)
                ForEach(opened.configurations, id: \.self) { way in
                    Text(Words.name(of: way)).tag(Configuration?.some(way))
                }
            }
            .disabled(workbench.occupied != nil)
            LabeledContent("Now", value: workbench.busy ?? Words.name(of: opened.configuration))
        } header: {
            Text("How it runs")
        } footer: {
            Text(opened.reason)
        }
    }

    private func bundle(_ opened: Opened) -> some View {
        let manifest = opened.bundle.manifest
        return Section("Bundle") {
            LabeledContent("Model", value: manifest.model.name)
            LabeledContent("Image", value: "\(manifest.model.imageSize) pixels")
            LabeledContent("Weights", value: manifest.weights.trained ? "trained" : "UNTRAINED")
            LabeledContent("Licence of the weights", value: manifest.weights.license ?? "not told")
            LabeledContent("Made for", value: manifest.target.name)
            LabeledContent("Size", value: Words.size(manifest.files.map(\.bytes).reduce(0, +)))
        }
    }

    private var chosen: Binding<Configuration?> {
        Binding { workbench.settings.configuration } set: { way in Task { await workbench.configure(way) } }
    }
}
