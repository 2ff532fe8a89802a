import Foundation

@testable import TrackerCore
@testable import Vitexport

/// The app's models on the small bundle, whose graphs give zeros; what it would ask Apple's frameworks for is stood in.
@MainActor
struct SmallApp {
    let models: Models
    let graphs: HeldGraphs

    var workbench: Workbench { models.workbench }

    /// With its bundle open
    static func opened() async throws -> SmallApp {
        let app = try made()
        await app.workbench.open()
        return app
    }

    static func made() throws -> SmallApp {
        try write(SmallBundle.files(), to: Bundle.main.resourceURL!.appending(path: Opening.folder))
        let graphs = HeldGraphs()
        let runtime = Runtime(version: "1") { file, _ in
            HeldGraph(inputs: file.inputs, outputs: file.outputs ?? [], all: graphs)
        }
        Runtime.all = ["tflite": runtime, "executorch": runtime]
        return SmallApp(models: Models(), graphs: graphs)
    }

    /// Contents by their paths in the folder
    static func write(_ files: [String: Data], to folder: URL) throws {
        for (path, content) in files {
            let file = folder.appending(path: path)
            try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try content.write(to: file)
        }
    }

    /// Once that is so; it is, or the test hangs
    func until(_ isSo: () async -> Bool) async {
        while await !isSo() { await Task.yield() }
    }
}

/// How many runs are under way, and whether they may end
final class HeldGraphs: Sendable {
    private let state = Locked((running: 0, most: 0, isHeld: false))

    var running: Int { state.withLock { $0.running } }
    var mostAtOnce: Int { state.withLock { $0.most } }

    func hold(_ isHeld: Bool) {
        state.withLock { $0.isHeld = isHeld }
    }

    func run() async {
        state.withLock { state in
            state.running += 1
            state.most = max(state.most, state.running)
        }
        repeat { await Task.yield() } while state.withLock { $0.isHeld }
        state.withLock { $0.running -= 1 }
    }
}

private struct HeldGraph: GraphRunner {
    let inputs: [TensorSpec]
    let outputs: [TensorSpec]
    let all: HeldGraphs

    func makeTensor(for spec: TensorSpec) -> Tensor { Tensor(shape: spec.shape) }
    func run(_ inputs: [String: Tensor], into outputs: [String: Tensor]) async { await all.run() }
}
