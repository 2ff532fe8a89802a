import Foundation
import TrackerCore

/// What a runtime loads: a graph of a bundle, or a kernel of a pack. Its files were found to be right.
struct GraphFile: Sendable {
    let url: URL
    /// As messages call it
    let name: String
    let inputs: [TensorSpec]
    /// nil of a kernel, whose manifest lists none: it may have any
    let outputs: [TensorSpec]?
    /// SHA-256 of its files
    let checksums: [String]
    /// Folder for what is compiled of it
    let compiled: URL

    init(_ url: URL, _ artifact: Manifest.Artifact, in manifest: Manifest) {
        self.url = url
        name = artifact.graph
        (inputs, outputs) = (artifact.inputs, artifact.outputs)
        checksums = manifest.files
            .filter { $0.path == artifact.file || $0.path.hasPrefix("\(artifact.file)/") }
            .map(\.sha256)
        compiled = CompiledFolder.graphs
    }

    init(_ url: URL, _ kernel: PackManifest.Kernel) {
        self.url = url
        name = kernel.key
        (inputs, outputs) = (kernel.inputs, nil)
        checksums = [kernel.sha256]
        compiled = CompiledFolder.kernels
    }
}

extension FoundTensor {
    /// Of what no manifest lists
    var spec: TensorSpec { TensorSpec(name: name, shape: shape, kind: .features) }
}
