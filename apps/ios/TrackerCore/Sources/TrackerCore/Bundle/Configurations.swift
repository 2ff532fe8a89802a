import Foundation

/// A processor, or whichever of them the runtime chooses.
public enum ComputeUnit: String, CaseIterable, Codable, Sendable {
    case cpu, gpu, npu, all
}

/// How graphs are run.
public struct Configuration: Hashable, Codable, Sendable {
    public var format: String
    public var precision: String
    public var delegate: String?
    public var unit: ComputeUnit
    /// On the CPU; nil where the runtime does not ask
    public var threads: Int?

    public init(format: String, precision: String, delegate: String?, unit: ComputeUnit, threads: Int?) {
        self.format = format
        self.precision = precision
        self.delegate = delegate
        self.unit = unit
        self.threads = threads
    }
}

/// Which of a bundle's variants this app can run, and where; the best is the first.
public struct Choice: Equatable, Sendable {
    /// Never empty; the first is taken by default
    public let configurations: [Configuration]
    /// Why the first is first, in one sentence
    public let reason: String

    /// Of a bundle, for an app that runs these `formats`. What crashed the app while it was loaded comes last.
    /// Throws `BundleError` where it can run none.
    /// `threads` is nil of an app whose runtimes are not told how many to take.
    public init(of bundle: TrackerBundle, formats: Set<String>, threads: Int?, crashes: CrashMemory) throws {
        try self.init(of: bundle.manifest, formats: formats, threads: threads) {
            crashes.has(CrashMemory.id(of: $0, in: bundle))
        }
    }

    init(
        of manifest: Manifest, formats: Set<String>, threads: Int?, crashed: (Configuration) -> Bool = { _ in false }
    ) throws {
        let ways = Way.all.filter { formats.contains($0.format) }
        let found = ways.flatMap { way in
            manifest.variants.filter(way.runs).map { Found(way: way, variant: $0, manifest: manifest, threads: threads) }
        }
        // Swift's sort need not be stable
        let sorted = found.enumerated().sorted { one, other in
            let (a, b) = (crashed(one.element.configuration), crashed(other.element.configuration))
            if a != b { return b }
            return (one.element.ms, one.offset) < (other.element.ms, other.offset)
        }.map(\.element)
        guard let first = sorted.first else {
            let options = Set(ways.map(\.format)).sorted().map { "--format \($0)" }.joined(separator: " or ")
            throw BundleError(sentence: "The bundle has nothing that this app runs; export the model with \(options).")
        }
        let because = first.ms.isFinite
            ? "it is expected to take least in \(manifest.target.name): \(first.ms.threeDigits) ms a frame"
            : "it is mostly the fastest of what this app runs; what it takes here is not known"
        configurations = sorted.map(\.configuration)
        reason = "\(first.way.name) in \(first.variant.precision), because \(because)."
    }
}

/// What runs which format where.
private struct Way {
    let format: String
    /// Of the variant; nil where any will do
    var delegate: String?
    let unit: ComputeUnit
    let name: String

    /// What is first is taken where no estimate tells: Core ML chooses the processor, mostly the Neural Engine.
    static let all = [
        Way(format: "coreml", unit: .all, name: "Core ML"),
        Way(format: "coreai", unit: .all, name: "Core AI"),
        Way(format: "coreml", unit: .npu, name: "Core ML on the Neural Engine"),
        Way(format: "coreml", unit: .gpu, name: "Core ML on the GPU"),
        Way(format: "executorch", delegate: "coreml", unit: .all, name: "ExecuTorch with Core ML"),
        Way(format: "executorch", delegate: "xnnpack", unit: .cpu, name: "ExecuTorch on the CPU"),
        Way(format: "tflite", unit: .cpu, name: "LiteRT on the CPU"),
        Way(format: "coreml", unit: .cpu, name: "Core ML on the CPU"),
    ]

    func runs(_ variant: Manifest.Variant) -> Bool {
        variant.format == format && (delegate == nil || variant.delegate == delegate)
    }
}

private struct Found {
    let way: Way
    let variant: Manifest.Variant
    let configuration: Configuration
    /// What a frame is expected to take on the bundle's target; infinite where that is not known
    let ms: Double

    init(way: Way, variant: Manifest.Variant, manifest: Manifest, threads: Int?) {
        self.way = way
        self.variant = variant
        let asks = way.unit == .cpu && way.format != "coreml"
        configuration = Configuration(
            format: variant.format, precision: variant.precision, delegate: variant.delegate, unit: way.unit,
            threads: asks ? threads : nil)
        // What another system's device takes says nothing of an iPhone.
        let expected = manifest.target.platform == "ios"
            ? manifest.latencies.first { $0.variant == variant && $0.unit == way.unit.rawValue } : nil
        ms = expected?.ms ?? .infinity
    }
}

extension Manifest {
    /// The artefacts that a configuration runs, by graph
    public func artifacts(for configuration: Configuration) -> [String: Artifact] {
        let variant = configuration.variant
        let found = artifacts.filter { $0.variant == variant }
        return Dictionary(uniqueKeysWithValues: found.map { ($0.graph, $0) })
    }

    /// How near a configuration's masks have to be to PyTorch's
    public func tolerance(for configuration: Configuration) -> Tolerance {
        let variant = configuration.variant
        return rollouts.first { $0.variant == variant }?.tolerance ?? .singlePrecision
    }
}

extension Configuration {
    var variant: Manifest.Variant {
        Manifest.Variant(format: format, precision: precision, delegate: delegate)
    }
}

extension Double {
    /// With three significant digits
    fileprivate var threeDigits: String {
        let decimals = self < 10 ? 2 : self < 100 ? 1 : 0
        return String(format: "%.\(decimals)f", self)
    }
}
