import Foundation

/// The file that a benchmark, or the run of a kernel pack, is saved as: `vitexport latency import` reads it, and
/// docs/latency_import.md describes it. What a device does not tell is null.
public struct Report: Sendable {
    /// Named after what was measured, where and when
    public let name: String
    public let json: Data

    public init(_ result: BenchmarkResult, of bundle: TrackerBundle, _ about: Circumstances) throws {
        try self.init(result, manifestSHA256: bundle.manifestSHA256, about)
    }

    init(_ result: BenchmarkResult, manifestSHA256: String, _ about: Circumstances) throws {
        let ran = result.configuration
        let graphs = result.graphs.mapValues { graph in
            JSONValue.object(graph.times.json.merging(
                ["first_ms": .rounded(graph.firstMs), "load_ms": .rounded(graph.loadMs)]) { $1 })
        }
        try self.init("benchmark", about, result.startedAt, [
            "manifest_sha256": .string(manifestSHA256),
            "backend": .string(ran.format),
            "delegate": .string(ran.delegate ?? ""),
            "compute_unit": .string(ran.unit.rawValue),
            "precision": .string(ran.precision),
            "threads": ran.threads.json,
            "seconds": .rounded(result.seconds),
            "stopped": .bool(result.stopped),
            "warmup": .number(Double(result.warmup)),
            "n": .number(Double(result.resize.n)),
            "graphs": .object(graphs),
            "stages": ["resize": .object(result.resize.json)],
            "e2e": [
                "fps": .rounded(result.fps), "p50": .rounded(result.frames.p50), "p90": .rounded(result.frames.p90),
                "p50_of_half_minutes": .array(result.halfMinutes.map(JSONValue.rounded)),
                // Frames are made when there is time for them, so that none is dropped: no figure of a camera.
                "dropped": nil,
            ],
            "selftest": result.selfTest.flatMap { $0.stopped ? nil : $0 }.json,
        ])
    }

    public init(_ result: PackResult, _ about: Circumstances) throws {
        try self.init("kernels", about, result.startedAt, [
            "pack_sha256": .string(result.packSHA256),
            "backend": .string(result.runtime.rawValue),
            "delegate": "",
            "compute_unit": .string(result.unit.rawValue),
            "precision": .string(result.precision),
            "threads": result.threads.json,
            "seconds": .rounded(result.seconds),
            "stopped": .bool(result.stopped),
            "kernels": .object(result.kernels.mapValues { .object($0.json) }),
            "failures": .array(result.failures.map { ["key": .string($0.key), "reason": .string($0.reason)] }),
        ])
    }

    private init(_ kind: String, _ about: Circumstances, _ startedAt: Date, _ ran: [String: JSONValue]) throws {
        let (device, thermal, battery) = (about.device, about.thermal, about.battery)
        let started = startedAt.formatted(.iso8601)
        let report: [String: JSONValue] = [
            "schema": 1,
            "device": ["model": .string(device.model), "os": .string(device.os), "soc": .string(device.soc)],
            "app_version": .string(about.appVersion),
            "method": "iOS app",
            "backend_version": .string(about.backendVersion),
            "thermal": [
                "start": thermal.start.json, "end": thermal.end.json, "samples": .array(thermal.samples.map(\.json)),
            ],
            "battery": [
                "start": battery.start.json, "end": battery.end.json, "charging": battery.charging.json,
                "low_power": battery.lowPower.json,
            ],
            "memory_peak_mb": about.memoryPeakMB.json,
            "started_at": .string(started),
        ]
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        json = try encoder.encode(JSONValue.object(report.merging(ran) { $1 })) + Data("\n".utf8)
        let words = "\(kind) \(device.model) \(started.prefix(16))".lowercased().replacing(/[^a-z0-9]+/, with: "-")
        name = "vitexport-\(words).json"
    }
}

extension JSONValue {
    /// Nobody's clock is better than six digits.
    fileprivate static func rounded(_ number: Double) -> JSONValue {
        .number(Double(String(format: "%.6g", number)) ?? number)
    }
}

extension Times {
    fileprivate var json: [String: JSONValue] {
        [
            "p50": .rounded(p50), "p90": .rounded(p90), "p99": .rounded(p99), "mean": .rounded(mean),
            "std": .rounded(std), "n": .number(Double(n)),
        ]
    }
}

extension KernelTimes {
    fileprivate var json: [String: JSONValue] {
        let both: [String: JSONValue] = [
            "p50": .rounded(p50), "mean": .rounded(mean), "n": .number(Double(n)), "warmup": .number(Double(warmup)),
        ]
        guard let spread else { return both }
        return both.merging(["p90": .rounded(spread.p90), "p99": .rounded(spread.p99), "std": .rounded(spread.std)]) { $1 }
    }
}

/// What a report says where something may not be known
private protocol Reported {
    var json: JSONValue { get }
}

extension Double: Reported {
    fileprivate var json: JSONValue { .rounded(self) }
}

extension Int: Reported {
    fileprivate var json: JSONValue { .number(Double(self)) }
}

extension Bool: Reported {
    fileprivate var json: JSONValue { .bool(self) }
}

extension ThermalState: Reported {
    fileprivate var json: JSONValue { .string(rawValue) }
}

extension SelfTestResult: Reported {
    fileprivate var json: JSONValue {
        // an infinite difference is no number of JSON
        ["pass": .bool(pass), "iou": .rounded(iou), "max_abs": maxAbs.isFinite ? .rounded(maxAbs) : nil]
    }
}

extension Optional where Wrapped: Reported {
    fileprivate var json: JSONValue { self?.json ?? .null }
}
