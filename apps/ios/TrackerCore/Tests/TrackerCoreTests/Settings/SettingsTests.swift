import Foundation
import Testing

@testable import TrackerCore

@Suite struct SettingsTests {
    @Test("what ended the app while it was loaded is known the next time, and comes last")
    func whatEndedTheAppWhileItWasLoadedIsKnownTheNextTimeAndComesLast() throws {
        let (store, bundle) = (MemoryStore(), try TrackerBundle(opening: MemorySource(files: SmallBundle.files(inTwo))))
        let choose = { try Choice(of: bundle, formats: ["coreml", "tflite"], threads: 2, crashes: CrashMemory(store)) }
        let best = try choose().configurations[0]
        CrashMemory(store).begun(CrashMemory.id(of: best, in: bundle))
        for _ in 0..<2 {
            let configurations = try choose().configurations
            #expect(configurations.last == best)
            #expect(configurations.count == 5)
        }
    }

    @Test("what was finished is not, nor what was loaded after all") func whatWasFinishedIsNotNorWhatWasLoadedAfterAll() {
        let store = MemoryStore()
        let memory = CrashMemory(store)
        memory.begun("one")
        memory.finished()
        memory.begun("two")
        let next = CrashMemory(store)
        #expect(["one", "two"].filter(next.has) == ["two"])
        next.forget("two")
        #expect(!CrashMemory(store).has("two"))
    }

    @Test("settings are as they were left") func settingsAreAsTheyWereLeft() throws {
        var settings = Settings()
        settings.configuration = Configuration(format: "coreml", precision: "fp16", delegate: nil, unit: .npu, threads: nil)
        settings.overlayOpacity = 0.25
        settings.camera = .front
        settings.deviceName = "iPhone 15 Pro"
        settings.serviceAddress = "https://latency.example/measurements"
        #expect(try JSONDecoder().decode(Settings.self, from: JSONEncoder().encode(settings)) == settings)
    }

    @Test("what another version did not keep is as it was never chosen") func whatAnotherVersionDidNotKeepIsAsItWasNeverChosen() throws {
        var expected = Settings()
        expected.overlayOpacity = 0.25
        let kept = Data(#"{"overlayOpacity": 0.25, "ofAnotherVersion": 1}"#.utf8)
        #expect(try JSONDecoder().decode(Settings.self, from: kept) == expected)
    }

    /// The small bundle, in Core ML as well
    private let inTwo = SmallBundle.changed { manifest in
        manifest["variants"]!.list.append(["format": "coreml", "precision": "fp32", "delegate": nil])
        for var artifact in manifest["artifacts"]!.list {
            artifact["format"] = "coreml"
            manifest["artifacts"]!.list.append(artifact)
        }
    }
}

private final class MemoryStore: KeyValueStore {
    private let values = Locked([String: [String]]())

    func strings(for key: String) -> [String] { values.withLock { $0[key] ?? [] } }
    func set(_ strings: [String], for key: String) { values.withLock { $0[key] = strings } }
}
