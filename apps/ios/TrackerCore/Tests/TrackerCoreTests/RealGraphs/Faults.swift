@testable import TrackerCore

/// What goes wrong in apps that carry state between graphs, planted into graphs that are right. Each is what the code
/// around the graphs would do to them, so the self-test has to notice every one.
enum Fault {
    /// Every step sees what the prompted frame left.
    case stateNotAdvanced
    /// What belongs into one slot is in the next, the last in the first.
    case wrongSlot
    /// The runtime's own memory is kept for a result, which every later run of the graph writes over.
    case staleOutput
    /// The frame is turned by a quarter, as a phone's camera gives it.
    case turnedFrame
}

extension TrackerGraphs {
    /// `state` is the manifest's.
    func with(_ fault: Fault, state: [String: String]) -> TrackerGraphs {
        let faulty = { (graph: any GraphRunner, isStep: Bool) -> any GraphRunner in
            switch fault {
            case .stateNotAdvanced: isStep ? StateNotAdvanced(graph: graph, state: state) : graph
            case .wrongSlot: isStep ? WrongSlot(graph: graph, state: state) : graph
            case .staleOutput: StaleOutput(graph: graph)
            case .turnedFrame: graph
            }
        }
        return TrackerGraphs(
            encodeImage: fault == .turnedFrame ? TurnedFrame(graph: encodeImage) : faulty(encodeImage, false),
            promptPoints: faulty(promptPoints, false), trackFirst: trackFirst.map { faulty($0, true) },
            trackStep: faulty(trackStep, true))
    }
}

/// A runner that is another's but for its runs.
private protocol Wrapper: GraphRunner {
    var graph: any GraphRunner { get }
}

extension Wrapper {
    var inputs: [TensorSpec] { graph.inputs }
    var outputs: [TensorSpec] { graph.outputs }
    func makeTensor(for spec: TensorSpec) throws -> Tensor { try graph.makeTensor(for: spec) }
}

private struct StateNotAdvanced: Wrapper {
    let graph: any GraphRunner
    let state: [String: String]

    func run(_ inputs: [String: Tensor], into outputs: [String: Tensor]) async throws {
        try await graph.run(inputs, into: outputs)
        for (output, input) in state { outputs[output]!.fill(from: inputs[input]!.values) }
    }
}

private struct WrongSlot: Wrapper {
    let graph: any GraphRunner
    let state: [String: String]

    func run(_ inputs: [String: Tensor], into outputs: [String: Tensor]) async throws {
        try await graph.run(inputs, into: outputs)
        for output in state.keys {
            let tensor = outputs[output]!
            let values = tensor.values
            let slot = values.count / tensor.shape[0]
            tensor.fill(from: Array(values.suffix(slot) + values.dropLast(slot)))
        }
    }
}

private final class StaleOutput: Wrapper {
    let graph: any GraphRunner
    private let given = Locked([[String: Tensor]]())

    init(graph: any GraphRunner) {
        self.graph = graph
    }

    func run(_ inputs: [String: Tensor], into outputs: [String: Tensor]) async throws {
        try await graph.run(inputs, into: outputs)
        given.withLock { given in
            for (name, tensor) in outputs {
                let values = tensor.values
                for kept in given { kept[name]!.fill(from: values) }
            }
            given.append(outputs)
        }
    }
}

private struct TurnedFrame: Wrapper {
    let graph: any GraphRunner

    func run(_ inputs: [String: Tensor], into outputs: [String: Tensor]) async throws {
        let image = inputs["image"]!
        let turned = Tensor(shape: image.shape)
        let (values, side) = (image.values, image.shape[3])
        turned.fill(from: (0..<values.count).map { place in
            let (column, row, plane) = (place % side, place / side % side, place / side / side)
            return values[(plane * side + side - 1 - column) * side + row]
        })
        try await graph.run(["image": turned], into: outputs)
    }
}
