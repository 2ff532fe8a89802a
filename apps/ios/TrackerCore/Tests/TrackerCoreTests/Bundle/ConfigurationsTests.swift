import Foundation
import Testing

@testable import TrackerCore

@Suite struct ConfigurationsTests {
    private let formats: Set = ["coreml", "executorch", "tflite"]

    @Test("what is expected to take least in the target is the default, and the reason says so")
    func whatIsExpectedToTakeLeastInTheTargetIsTheDefaultAndTheReasonSaysSo() throws {
        let expected = [("coreml", "all", 42.4), ("tflite", "cpu", 31.26)]
        let choice = try Choice(of: manifest(["coreml", "tflite"], expected), formats: formats, threads: 2)
        #expect(choice.configurations[0] == configuration("tflite", .cpu, threads: 2))
        #expect(choice.reason == "LiteRT on the CPU in fp32, because it is expected to take least in iPhone 15: 31.3 ms a frame.")
    }

    @Test("what is expected of one unit says nothing of another") func whatIsExpectedOfOneUnitSaysNothingOfAnother() throws {
        let choice = try Choice(of: manifest(["coreml"], [("coreml", "gpu", 9)]), formats: formats, threads: 2)
        #expect(choice.configurations.map(\.unit) == [.gpu, .all, .npu, .cpu])
    }

    @Test("what is expected of another platform says nothing of this one")
    func whatIsExpectedOfAnotherPlatformSaysNothingOfThisOne() throws {
        let phone = try manifest(["coreml", "tflite"], [("tflite", "cpu", 1)], platform: "android")
        let choice = try Choice(of: phone, formats: formats, threads: 2)
        #expect(choice.configurations[0] == configuration("coreml", .all))
    }

    @Test("where nothing is expected the reason says that it is not known")
    func whereNothingIsExpectedTheReasonSaysThatItIsNotKnown() throws {
        let choice = try Choice(of: manifest(["tflite", "executorch", "coreml"]), formats: formats, threads: 2)
        #expect(choice.configurations.map { "\($0.format) \($0.unit)" } == [
            "coreml all", "coreml npu", "coreml gpu", "executorch cpu", "tflite cpu", "coreml cpu",
        ])
        #expect(choice.reason == "Core ML in fp32, because it is mostly the fastest of what this app runs; "
            + "what it takes here is not known.")
    }

    @Test("a bundle that the app cannot run is refused, with the formats that it can")
    func aBundleThatTheAppCannotRunIsRefusedWithTheFormatsThatItCan() throws {
        let sentence = "The bundle has nothing that this app runs; export the model with --format coreml or "
            + "--format executorch or --format tflite."
        let onnx = try manifest(["onnx"])
        #expect(throws: BundleError(sentence: sentence)) { try Choice(of: onnx, formats: formats, threads: 2) }
    }

    @Test("threads are given to the runtimes that ask") func threadsAreGivenToTheRuntimesThatAsk() throws {
        let choice = try Choice(of: manifest(["coreml", "executorch"]), formats: formats, threads: 3)
        #expect(choice.configurations.map(\.threads) == [nil, nil, nil, 3, nil])
    }

    @Test("what crashed comes last") func whatCrashedComesLast() throws {
        let bundle = try manifest(["coreml", "tflite"], [("coreml", "all", 5)])
        let choice = try Choice(of: bundle, formats: formats, threads: 2) { $0.unit == .all }
        #expect(choice.configurations.map(\.unit) == [.npu, .gpu, .cpu, .cpu, .all])
    }

    @Test("a configuration runs the files of its own variant") func aConfigurationRunsTheFilesOfItsOwnVariant() throws {
        let bundle = try manifest(["coreml", "tflite"])
        #expect(bundle.artifacts(for: configuration("coreml", .npu))["track_step"]?.file == "coreml/track_step")
        #expect(bundle.artifacts(for: configuration("onnx", .cpu)).isEmpty)
    }

    @Test("masks are held against the tolerance of their variant") func masksAreHeldAgainstTheToleranceOfTheirVariant() throws {
        var bundle = try manifest(["coreml"])
        #expect(bundle.tolerance(for: configuration("coreml", .all)) == .singlePrecision)
        let half = Tolerance(leastIoU: 0.98, leastUnion: 0.05)
        bundle.rollouts = [.init(variant: bundle.variants[0], tolerance: half)]
        #expect(bundle.tolerance(for: configuration("coreml", .all)) == half)
    }

    private func configuration(_ format: String, _ unit: ComputeUnit, threads: Int? = nil) -> Configuration {
        Configuration(format: format, precision: "fp32", delegate: nil, unit: unit, threads: threads)
    }

    /// A bundle in these formats, of which some are expected to take so many ms on a unit of its target
    private func manifest(
        _ formats: [String], _ expected: [(String, String, Double)] = [], platform: String = "ios"
    ) throws -> Manifest {
        var manifest = try Manifest(parsing: SmallBundle.bytes(SmallBundle.manifest))
        let artifacts = manifest.artifacts
        let variants = formats.map {
            Manifest.Variant(format: $0, precision: "fp32", delegate: $0 == "executorch" ? "xnnpack" : nil)
        }
        manifest.target.platform = platform
        manifest.variants = variants
        manifest.rollouts = []
        manifest.artifacts = variants.flatMap { variant in
            artifacts.map { artifact in
                var artifact = artifact
                artifact.variant = variant
                artifact.file = "\(variant.format)/\(artifact.graph)"
                return artifact
            }
        }
        manifest.latencies = expected.map { format, unit, ms in
            .init(variant: variants.first { $0.format == format }!, unit: unit, ms: ms)
        }
        return manifest
    }
}
