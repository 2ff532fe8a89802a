import Foundation

@testable import TrackerCore

/// The project's worker, `apps/pipe_worker.py`, which runs artefacts for programs without a runtime; its docstring is the
/// protocol. One request at a time, whoever asks.
final class Pipe: Sendable {
    /// Nil where nobody started the worker
    static let shared: Pipe? = ProcessInfo.processInfo.environment["VITEXPORT_PIPES"].flatMap(Pipe.init)

    /// What is run: a graph of the worker's bundle, or a file
    enum Artefact: Sendable {
        case graph(String)
        case file(URL)

        fileprivate var json: String {
            switch self {
            case .graph(let name): #""graph": "\#(name)""#
            case .file(let url): #""file": "\#(url.path)""#
            }
        }
    }

    private let files: Locked<(requests: UnsafeMutablePointer<FILE>, replies: UnsafeMutablePointer<FILE>)>

    /// Each end waits for the other in this order.
    private init?(_ folder: String) {
        guard let requests = fopen("\(folder)/requests", "wb"), let replies = fopen("\(folder)/replies", "rb") else {
            return nil
        }
        files = Locked((requests, replies))
    }

    /// Writes those of the artefact's outputs that are in `outputs`.
    func run(
        _ artefact: Artefact, format: String, _ inputs: [String: Tensor], into outputs: [String: Tensor]
    ) throws {
        try files.withLock { files in
            let (requests, replies) = files
            let names = inputs.keys.sorted()
            let shapes = names.map { #""\#($0)": \#(inputs[$0]!.shape)"# }.joined(separator: ", ")
            fputs("{\"format\": \"\(format)\", \(artefact.json), \"inputs\": {\(shapes)}}\n", requests)
            for name in names { _ = inputs[name]!.values.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, requests) } }
            fflush(requests)
            let reply = try line(from: replies)
            guard reply.contains("\"outputs\"") else { throw RunnerError(sentence: "The worker says: \(reply)") }
            for match in reply.matches(of: /"(\w+)": \[([\d, ]*)\]/) {
                let count = match.2.split(separator: ", ").reduce(1) { $0 * Int($1)! }
                let values = try values(count, from: replies)
                outputs[String(match.1)]?.fill(from: values)
            }
        }
    }

    private func line(from replies: UnsafeMutablePointer<FILE>) throws -> String {
        var (line, capacity): (UnsafeMutablePointer<CChar>?, Int) = (nil, 0)
        defer { free(line) }
        guard getline(&line, &capacity, replies) > 0, let line else {
            throw RunnerError(sentence: "The worker has ended; start it again.")
        }
        return String(cString: line)
    }

    private func values(_ count: Int, from replies: UnsafeMutablePointer<FILE>) throws -> [Float] {
        try [Float](unsafeUninitializedCapacity: count) { values, filled in
            filled = fread(values.baseAddress, MemoryLayout<Float>.stride, count, replies)
            guard filled == count else { throw RunnerError(sentence: "The worker ended among its values.") }
        }
    }
}

/// An artefact that the worker runs.
struct PipeRunner: GraphRunner {
    let artefact: Pipe.Artefact
    let format: String
    let inputs: [TensorSpec]
    /// None of a kernel, whose outputs nobody lists and nobody reads
    let outputs: [TensorSpec]

    func makeTensor(for spec: TensorSpec) -> Tensor { Tensor(shape: spec.shape) }

    func run(_ inputs: [String: Tensor], into outputs: [String: Tensor]) async throws {
        guard let pipe = Pipe.shared else { throw RunnerError(sentence: "Nobody started the worker.") }
        try pipe.run(artefact, format: format, inputs, into: outputs)
    }
}
