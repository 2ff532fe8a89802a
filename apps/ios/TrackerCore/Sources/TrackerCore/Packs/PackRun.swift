import Foundation

/// What came of a kernel pack.
public struct PackResult: Sendable {
    public struct Failure: Equatable, Sendable {
        public var key: String
        public var reason: String
    }

    /// SHA-256 of the pack's manifest.json
    public var packSHA256: String
    public var runtime: PackManifest.Runtime
    public var unit: ComputeUnit
    public var precision: String
    /// nil where the runtime does not ask
    public var threads: Int?
    /// By their keys, those that were timed
    public var kernels: [String: KernelTimes]
    /// Those that did not load or run, each with why
    public var failures: [Failure]
    /// Kernels of the pack
    public var total: Int
    /// Whether it was stopped before the last kernel
    public var stopped: Bool
    /// All that it took
    public var seconds: Double
    public var startedAt: Date
}

/// Loads a kernel's artefact, which was checked. Its manifest lists no outputs, so that it may have any.
public typealias LoadKernel = @Sendable (URL, PackManifest.Kernel) async throws -> any GraphRunner

/// Times the kernels of a pack, in groups whose kernels take turns, so that whatever slows the device for a while slows
/// all of a group alike. A kernel that does not load or run is left out, and the others go on.
public struct PackRun {
    private let pack: Pack
    private let threads: Int?
    private let load: LoadKernel
    private let onProgress: OnProgress
    private let step = KernelClock.step()
    private var times: [String: KernelTimes] = [:]
    private var failures: [PackResult.Failure] = []
    private var stopped = false

    /// Kernels that are loaded at once: as many as fit into the memory of a small phone
    private static let group = 16
    private static let rounds = 5

    /// `load` is that of the pack's runtime.
    public init(of pack: Pack, threads: Int?, load: @escaping LoadKernel, onProgress: @escaping OnProgress) {
        (self.pack, self.threads, self.load, self.onProgress) = (pack, threads, load, onProgress)
    }

    /// All kernels of a pack, or, where it is stopped, those that had a turn. What a kernel throws is among the failures;
    /// throws `PackError` where all fail.
    public mutating func result() async throws -> PackResult {
        let manifest = pack.manifest
        let startedAt = Date()
        let watch = Stopwatch()
        for first in stride(from: 0, to: manifest.kernels.count, by: Self.group) where !stopped {
            try await timeGroup(first..<min(first + Self.group, manifest.kernels.count))
        }
        if !stopped, times.isEmpty {
            throw PackError(sentence: "No kernel of the pack gave a time; of the first: \(failures[0].reason)")
        }
        return PackResult(
            packSHA256: pack.sha256, runtime: manifest.runtime, unit: manifest.unit, precision: manifest.precision,
            threads: threads, kernels: times, failures: failures, total: manifest.kernels.count, stopped: stopped,
            seconds: watch.ms / 1000, startedAt: startedAt)
    }

    /// Loads those of a group that load, and lets them take turns. They are freed at its end.
    private mutating func timeGroup(_ places: Range<Int>) async throws {
        var running: [Running] = []
        for kernel in pack.manifest.kernels[places] where await goesOn(places, turns: 0) {
            let artefact = try pack.checked(kernel)
            do {
                running.append(try await Running(kernel, load(artefact, kernel), step: step))
            } catch {
                fail(kernel, error)
            }
        }
        for turn in 1...Self.rounds where await goesOn(places, turns: turn) {
            // one that fails has no further turn, and what it has is void
            for place in running.indices.reversed() {
                do {
                    try await running[place].clock.round()
                } catch {
                    fail(running.remove(at: place).kernel, error)
                }
            }
        }
        for one in running { times[one.kernel.key] = one.clock.times }
    }

    private mutating func goesOn(_ places: Range<Int>, turns: Int) async -> Bool {
        if stopped { return false }
        let done = Double(places.lowerBound) + Double(places.count * turns) / Double(Self.rounds + 1)
        let count = pack.manifest.kernels.count
        stopped = !(await onProgress(done / Double(count), "Kernel \(places.lowerBound + 1) of \(count)"))
        return !stopped
    }

    private mutating func fail(_ kernel: PackManifest.Kernel, _ error: any Error) {
        failures.append(PackResult.Failure(key: kernel.key, reason: error.localizedDescription))
    }
}

/// A kernel that is loaded, and warm.
private struct Running {
    let kernel: PackManifest.Kernel
    var clock: KernelClock

    init(_ kernel: PackManifest.Kernel, _ runner: any GraphRunner, step: Double) async throws {
        self.kernel = kernel
        let inputs = try runner.makeTensors(for: kernel.inputs)
        let outputs = try runner.makeTensors(for: runner.outputs)
        // from 0 to 1: of zeros alone some processors make short work
        for tensor in inputs.values { tensor.fill(from: (0..<tensor.count).map { _ in .random(in: 0...1) }) }
        clock = KernelClock(step: step) { try await runner.run(inputs, into: outputs) }
        try await clock.warmUp()
    }
}
