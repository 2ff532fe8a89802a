import Foundation
import Testing

@testable import TrackerCore

@Suite(.serialized) struct PackRunTests {
    private let log = Log()

    @Test("kernels of a group take turns, and all are freed") func kernelsOfAGroupTakeTurnsAndAllAreFreed() async throws {
        let result = try await run(SmallPack.opened("a", "b"))
        #expect(result.kernels.keys.sorted() == ["a of the pack", "b of the pack"])
        #expect(result.failures == [])
        #expect((result.stopped, result.total) == (false, 2))
        let names = log.state.withLock { $0.runs }
        #expect(zip(names, names.dropFirst()).count { $0 != $1 } >= 9, "they take turns")
        #expect(log.held == [])
    }

    @Test("a kernel that does not load is a failure, and the others go on")
    func aKernelThatDoesNotLoadIsAFailureAndTheOthersGoOn() async throws {
        let result = try await run(SmallPack.opened("a", "b"), broken: "a")
        #expect(result.kernels.keys.sorted() == ["b of the pack"])
        #expect(result.failures == [.init(key: "a of the pack", reason: "a does not load.")])
    }

    @Test("a kernel that fails while it is timed has no time") func aKernelThatFailsWhileItIsTimedHasNoTime() async throws {
        let result = try await run(SmallPack.opened("a", "b"), failing: "a")
        #expect(result.kernels.keys.sorted() == ["b of the pack"])
        #expect(result.failures == [.init(key: "a of the pack", reason: "a does not run.")])
        #expect(log.held == [])
    }

    @Test("where it is stopped it answers with what it has") func whereItIsStoppedItAnswersWithWhatItHas() async throws {
        let names = (0..<20).map { String(UnicodeScalar(97 + $0)!) }
        let pack = try Pack(opening: MemorySource(files: SmallPack.files(names)))
        let result = try await run(pack) { share, _ in share < 0.7 }
        #expect(result.stopped)
        #expect(result.kernels.count == 16)
        #expect(log.held == [])
    }

    @Test("a pack of which no kernel gives a time is refused with why")
    func aPackOfWhichNoKernelGivesATimeIsRefusedWithWhy() async throws {
        let pack = try SmallPack.opened("a")
        let sentence = "No kernel of the pack gave a time; of the first: a does not load."
        await #expect(throws: PackError(sentence: sentence)) { try await run(pack, broken: "a") }
    }

    private func run(
        _ pack: Pack, broken: String? = nil, failing: String? = nil, onProgress: @escaping OnProgress = { _, _ in true }
    ) async throws -> PackResult {
        let log = log
        var run = PackRun(of: pack, threads: 1, load: { url, kernel in
            let name = String(url.deletingPathExtension().lastPathComponent)
            if name == broken { throw RunnerError(sentence: "\(name) does not load.") }
            return BusyKernel(name, kernel.inputs, log, isFailing: name == failing)
        }, onProgress: onProgress)
        return try await run.result()
    }
}

/// Which kernels are loaded, and which ran, in their order
private final class Log: Sendable {
    let state = Locked((held: Set<String>(), runs: [String]()))

    var held: Set<String> { state.withLock { $0.held } }
}

/// A kernel that takes some ms
private final class BusyKernel: GraphRunner {
    let inputs: [TensorSpec]
    let outputs: [TensorSpec] = []
    private let name: String
    private let log: Log
    private let isFailing: Bool
    private let runs = Locked(0)

    init(_ name: String, _ inputs: [TensorSpec], _ log: Log, isFailing: Bool) {
        (self.name, self.inputs, self.log, self.isFailing) = (name, inputs, log, isFailing)
        log.state.withLock { _ = $0.held.insert(name) }
    }

    deinit { log.state.withLock { _ = $0.held.remove(name) } }

    func makeTensor(for spec: TensorSpec) -> Tensor { Tensor(shape: spec.shape) }

    func run(_ inputs: [String: Tensor], into outputs: [String: Tensor]) async throws {
        busy(2, runs)
        if isFailing, runs.withLock({ $0 }) > 10 { throw RunnerError(sentence: "\(name) does not run.") }
        log.state.withLock { $0.runs.append(name) }
    }
}
