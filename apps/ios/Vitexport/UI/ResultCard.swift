import SwiftUI
import TrackerCore
import UniformTypeIdentifiers

/// What is done with a result: it is saved as a file, or sent to a latency service if the person says so and where.
struct ResultCard: View {
    @Bindable var workbench: Workbench
    let circumstances: Circumstances
    /// Makes the file, for a device whose name the person may have put right
    let report: (Circumstances) throws -> Report

    @State private var file: ReportFile?
    @State private var isAgreed = false
    @State private var isSending = false

    var body: some View {
        Section {
            LabeledContent("This device is called") {
                TextField(circumstances.device.model, text: $workbench.settings.deviceName).multilineTextAlignment(.trailing)
            }
            Button("Save as a file") { make { file = ReportFile(report: $0) } }
        } header: {
            Text("Keep it")
        } footer: {
            Text("As people know it, such as iPhone 15 Pro. \(circumstances.device.os)")
        }
        .fileExporter(
            isPresented: Binding { file != nil } set: { if !$0 { file = nil } }, document: file,
            contentType: .json, defaultFilename: file?.report.name
        ) { outcome in
            if case .failure(let error) = outcome { workbench.say(error) }
        }
        Section {
            Toggle("I want to send this result to a latency service", isOn: $isAgreed)
            TextField("https://latency.example/v1/measurements#TOKEN", text: $workbench.settings.serviceAddress)
                .keyboardType(.URL)
                .textInputAutocapitalization(.never)
                .autocorrectionDisabled()
                .disabled(!isAgreed)
                .accessibilityLabel("Address of the service")
            Button("Send") { make { report in Task { await send(report) } } }
                .disabled(!isAgreed || workbench.settings.serviceAddress.isEmpty || isSending)
        }
    }

    private func make(_ use: (Report) -> Void) {
        do {
            var about = circumstances
            let name = workbench.settings.deviceName.trimmingCharacters(in: .whitespaces)
            if !name.isEmpty { about.device.model = name }
            use(try report(about))
        } catch {
            workbench.say(error)
        }
    }

    private func send(_ report: Report) async {
        isSending = true
        defer { isSending = false }
        do {
            try await Sharing.post(report, to: workbench.settings.serviceAddress)
            workbench.notice = "The latency service took the result."
        } catch {
            workbench.say(error)
        }
    }
}

/// A report, as the system saves files.
private struct ReportFile: FileDocument {
    static let readableContentTypes = [UTType.json]

    let report: Report

    init(report: Report) {
        self.report = report
    }

    init(configuration: ReadConfiguration) throws {
        throw EngineError(sentence: "Results are saved here, not read: give them to vitexport latency import.")
    }

    func fileWrapper(configuration: WriteConfiguration) throws -> FileWrapper {
        FileWrapper(regularFileWithContents: report.json)
    }
}
