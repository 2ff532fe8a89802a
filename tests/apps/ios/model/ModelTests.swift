import Foundation
import Testing

@testable import TrackerCore
@testable import Vitexport

@MainActor
@Suite(.serialized) struct ModelTests {
    @Test("what needs the engine for itself begins once no frame is in flight, and the camera goes on after")
    func whatNeedsTheEngineBeginsOnceNoFrameIsInFlight() async throws {
        let app = try await SmallApp.opened()
        let track = app.models.track
        track.see(true)
        await app.until { track.isRunning }
        track.point(x: 1, y: 1)
        let receiver = try #require(await track.camera.receiver)
        #expect(receiver.wanted())
        app.graphs.hold(true)
        receiver.deliver(CameraFrame(taken: 0))
        await app.until { app.graphs.running == 1 }
        let before = Locked<Int?>(nil)
        let long = Task {
            await app.workbench.occupy("The test") {
                before.withLock { $0 = app.graphs.running }
                receiver.deliver(CameraFrame(taken: 1))
                await app.graphs.run()
            }
        }
        await app.until { app.workbench.occupied != nil }
        for _ in 0..<100 { await Task.yield() }
        #expect(before.withLock { $0 } == nil, "it waits")
        app.graphs.hold(false)
        _ = await long.value
        #expect(before.withLock { $0 } == 0)
        #expect(app.graphs.mostAtOnce == 1)
        await app.until { track.isRunning }
    }

    @Test("the camera starts once after a reload") func theCameraStartsOnceAfterAReload() async throws {
        let app = try await SmallApp.opened()
        let track = app.models.track
        track.see(true)
        await app.until { track.isRunning }
        #expect(await track.camera.starts == 1)
        await app.workbench.configure(nil)
        track.see(true)
        track.see(true)
        await app.until { track.isRunning }
        for _ in 0..<100 { await Task.yield() }
        #expect(await track.camera.starts == 2)
    }

    @Test("a camera that nobody looks at is off") func aCameraThatNobodyLooksAtIsOff() async throws {
        let app = try await SmallApp.opened()
        let track = app.models.track
        track.see(true)
        await app.until { track.isRunning }
        track.see(false)
        await app.until { !track.isRunning }
        #expect(await track.camera.receiver == nil)
    }

    @Test("the camera starts again after the media services were reset, and says why it stands still")
    func theCameraStartsAgainAfterTheMediaServicesWereReset() async throws {
        let app = try await SmallApp.opened()
        let track = app.models.track
        track.see(true)
        await app.until { track.isRunning }
        let watching = Task { await track.watchCamera() }
        await app.until { Interruptions.tell != nil }
        Interruptions.tell?(.stopped("The system stopped the camera."))
        await app.until { track.interruption != nil }
        Interruptions.tell?(.reset)
        await app.until { await track.camera.starts == 2 }
        await app.until { track.interruption == nil }
        watching.cancel()
    }

    @Test("an app that ends in the first run of a graph knows it the next time") func anAppThatEndsInTheFirstRunKnowsIt() async throws {
        let app = try SmallApp.made()
        app.graphs.hold(true)
        let opening = Task { await app.workbench.open() }
        await app.until { app.graphs.running == 1 }
        let loading = { DefaultsStore().strings(for: "vitexport.loading") }
        #expect(loading().count == 1)
        app.graphs.hold(false)
        await opening.value
        #expect(app.workbench.opened != nil)
        #expect(loading() == [])
    }

    @Test("what is measured out of view is refused, a kernel pack too") func whatIsMeasuredOutOfViewIsRefused() async throws {
        let app = try await SmallApp.opened()
        let pack = app.models.pack
        let result = PackResult(
            packSHA256: "", runtime: .coreml, unit: .cpu, precision: "fp32", threads: nil, kernels: [:], failures: [], total: 0,
            stopped: false, seconds: 1, startedAt: .now)
        await pack.measure("The pack", format: \.runtime.rawValue) { _, _ in result }
        #expect(pack.measured != nil)
        #expect(app.workbench.notice == nil)
        await pack.measure("The pack", format: \.runtime.rawValue) { _, _ in
            pack.leftView()
            return result
        }
        #expect(pack.measured == nil)
        #expect(app.workbench.notice?.contains("out of view") == true)
    }

    @Test("what was compiled of a pack is deleted when it has run") func whatWasCompiledOfAPackIsDeleted() async throws {
        let app = try SmallApp.made()
        let folder = FileManager.default.temporaryDirectory.appending(path: "pack")
        try SmallApp.write(SmallPack.files(["a"]), to: folder)
        try SmallApp.write(["a.mlmodelc/model": Data()], to: CompiledFolder.kernels)
        _ = try await app.workbench.engine.time(packIn: folder) { _, _ in false }
        #expect(!FileManager.default.fileExists(atPath: CompiledFolder.kernels.path))
    }

    @Test("what a person chose is there at the next start") func whatAPersonChoseIsThereAtTheNextStart() async throws {
        let before = try await SmallApp.opened()
        before.workbench.settings.deviceName = "iPhone 15 Pro"
        before.workbench.settings.serviceAddress = "https://latency.example"
        await before.models.track.flip()
        let after = try await SmallApp.opened()
        #expect(after.workbench.settings == before.workbench.settings)
        #expect(after.models.track.facing == .front)
    }
}
