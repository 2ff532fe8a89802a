import Foundation
import Testing

@testable import TrackerCore

@Suite struct ReportTests {
    private let times = Times(p50: 20, p90: 22, p99: 25, mean: 20.123456789, std: 1, n: 50)

    @Test("a benchmark has the graphs alone among the graphs") func aBenchmarkHasTheGraphsAloneAmongTheGraphs() throws {
        let report = try parsed(benchmark())
        #expect(report["graphs"] == ["encode_image": [
            "p50": 20, "p90": 22, "p99": 25, "mean": 20.1235, "std": 1, "n": 50, "first_ms": 80, "load_ms": 120,
        ]])
        #expect(report["stages"]?["resize"]?["p50"] == 20)
        #expect(report["e2e"]?["fps"] == 45)
        #expect(report["backend"] == "executorch")
        #expect(report["delegate"] == "xnnpack")
        #expect(report["threads"] == 2)
    }

    @Test("a result says how long it ran, whether it was stopped, and how it slowed down")
    func aResultSaysHowLongItRanWhetherItWasStoppedAndHowItSlowedDown() throws {
        let report = try parsed(benchmark())
        #expect(report["seconds"] == 60.0123)
        #expect(report["stopped"] == false)
        #expect(report["e2e"]?["p50_of_half_minutes"] == [20, 25])
        let pack = try parsed(Report(pack, about))
        #expect(pack["seconds"] == 95)
        #expect(pack["stopped"] == true)
    }

    @Test("what a device does not tell is null") func whatADeviceDoesNotTellIsNull() throws {
        var about = about
        about.thermal = .init(start: nil, end: nil, samples: [])
        about.battery = .init(start: nil, end: nil, charging: nil, lowPower: nil)
        about.memoryPeakMB = nil
        let report = try parsed(Report(benchmark(), manifestSHA256: "b", about))
        #expect(report["thermal"] == ["start": nil, "end": nil, "samples": []])
        #expect(report["battery"] == ["start": nil, "end": nil, "charging": nil, "low_power": nil])
        #expect(report["memory_peak_mb"] == JSONValue.null)
        #expect(report["selftest"] == JSONValue.null)
    }

    @Test("a self-test that was stopped proves nothing") func aSelfTestThatWasStoppedProvesNothing() throws {
        var test = SelfTestResult(pass: true, iou: 1, maxAbs: 1e-5, frames: 3, stopped: true, detail: "")
        #expect(try parsed(benchmark(test))["selftest"] == JSONValue.null)
        test.stopped = false
        #expect(try parsed(benchmark(test))["selftest"] == ["pass": true, "iou": 1, "max_abs": 1e-5])
    }

    @Test("a pack has its kernels by their keys, and what failed beside them")
    func aPackHasItsKernelsByTheirKeysAndWhatFailedBesideThem() throws {
        let report = try parsed(Report(pack, about))
        #expect(report["kernels"] == [
            "block": ["p50": 0.5, "mean": 0.5, "n": 160, "warmup": 21],
            "run": ["p50": 5, "mean": 5.5, "n": 40, "warmup": 6, "p90": 7, "p99": 8, "std": 1],
        ])
        #expect(report["failures"] == [["key": "other", "reason": "It did not load."]])
        #expect(report["threads"] == JSONValue.null)
    }

    @Test("a file is named after what was measured, where and when") func aFileIsNamed() throws {
        #expect(try Report(pack, about).name == "vitexport-kernels-iphone-15-2026-11-27t08-00.json")
    }

    private let about = Circumstances(
        device: .init(model: "iPhone 15", os: "iOS 18.1", soc: "A16 Bionic"), appVersion: "1", backendVersion: "Core ML",
        thermal: .init(start: .nominal, end: .fair, samples: [.nominal]),
        battery: .init(start: 0.8, end: 0.79, charging: false, lowPower: false), memoryPeakMB: 123)

    private func benchmark(_ selfTest: SelfTestResult? = nil) -> BenchmarkResult {
        BenchmarkResult(
            configuration: .init(format: "executorch", precision: "fp32", delegate: "xnnpack", unit: .cpu, threads: 2),
            selfTest: selfTest, warmup: 5, graphs: ["encode_image": GraphTimes(times: times, firstMs: 80, loadMs: 120)],
            resize: times, frames: Percentiles(p50: 21, p90: 24), fps: 45, halfMinutes: [20, 25], seconds: 60.012345,
            stopped: false, startedAt: Date(timeIntervalSince1970: 1_795_766_400))
    }

    private let pack = PackResult(
        packSHA256: "a", runtime: .coreml, unit: .all, precision: "fp16", threads: nil,
        kernels: [
            "block": KernelTimes(p50: 0.5, mean: 0.5, n: 160, warmup: 21, spread: nil),
            "run": KernelTimes(p50: 5, mean: 5.5, n: 40, warmup: 6, spread: .init(p90: 7, p99: 8, std: 1)),
        ],
        failures: [.init(key: "other", reason: "It did not load.")], total: 3, stopped: true, seconds: 95,
        startedAt: Date(timeIntervalSince1970: 1_795_766_400))

    private func parsed(_ result: BenchmarkResult) throws -> JSONValue {
        try parsed(Report(result, manifestSHA256: String(repeating: "b", count: 64), about))
    }

    private func parsed(_ report: Report) throws -> JSONValue {
        try JSONDecoder().decode(JSONValue.self, from: report.json)
    }
}
