import Foundation
import Observation
import TrackerCore

/// The engine and what is open in it, for all screens; what the person chose; and what there is to say.
@MainActor
@Observable
final class Workbench {
    /// nil while nothing is open
    private(set) var opened: Opened?
    /// What is being done, in words
    private(set) var busy: String?
    /// What has the engine for itself, as the subject of a sentence; nil if nothing
    private(set) var occupied: String?
    /// What went wrong last, in one sentence
    var notice: String?
    private(set) var condition = DeviceCondition()
    var settings: TrackerCore.Settings {
        didSet { kept.keep(settings) }
    }

    /// Starts or stops what uses the engine beside long runs, and returns when that is done
    @ObservationIgnored var settle: @MainActor () async -> Void = {}

    let engine: Engine
    let admission = FrameAdmission()
    private let kept: KeptSettings

    init() {
        let store = DefaultsStore()
        kept = KeptSettings(store)
        settings = kept.read()
        engine = Engine(crashes: CrashMemory(store))
    }

    /// Open the bundle that is in the app, in the way that was chosen before.
    func open() async {
        await open(isAsked: false)
    }

    /// Run the bundle otherwise, as a person asks now; nil for what the app chooses. It is kept once it is loaded.
    func configure(_ configuration: Configuration?) async {
        let before = settings.configuration
        settings.configuration = configuration
        await open(isAsked: true)
        if opened == nil {
            settings.configuration = before
            let failed = notice
            await open(isAsked: false)
            notice = failed
        }
    }

    /// Have the engine for something that takes long, once no frame is in flight any more, and say what fails. `who` is the
    /// subject of a sentence.
    @discardableResult
    func occupy<Result: Sendable>(_ who: String, _ work: () async throws -> Result) async -> Result? {
        if let occupied {
            notice = "\(occupied) is running: stop it, or wait for its end."
            return nil
        }
        occupied = who
        defer {
            occupied = nil
            Task { await settle() }
        }
        // Graphs have one run at a time.
        await settle()
        do {
            return try await work()
        } catch {
            say(error)
            return nil
        }
    }

    func say(_ error: any Error) {
        notice = (error as? any Refusal)?.sentence
            ?? "Something went wrong (\(error.localizedDescription)): open the app again."
    }

    /// Obey how hot the device is, for as long as the app runs.
    func watchDevice() async {
        for await now in DeviceWatch.conditions() {
            condition = now
            admission.device(is: now)
        }
    }

    private func open(isAsked: Bool) async {
        guard busy == nil else { return }
        busy = "Checking the bundle and loading its graphs"
        defer { busy = nil }
        await occupy("Loading") {
            // It holds the graphs, and a phone has no room for two.
            opened = nil
            opened = try await engine.open(chosen: settings.configuration, isAsked: isAsked)
        }
    }
}
