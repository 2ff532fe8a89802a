import Foundation
import Testing

@testable import TrackerCore

/// What these tests are told by whoever runs them.
enum Told {
    /// The folder of the bundle that the worker runs
    static let bundle = folder("VITEXPORT_BUNDLE")
    /// A folder of a kernel pack, unpacked
    static let pack = folder("VITEXPORT_PACK")
    /// Where results are left, for `vitexport latency import`
    static let results = folder("VITEXPORT_RESULTS")

    private static func folder(_ name: String) -> URL? {
        ProcessInfo.processInfo.environment[name].map { URL(filePath: $0, directoryHint: .isDirectory) }
    }
}

extension Trait where Self == ConditionTrait {
    static var worker: Self {
        .enabled(
            if: Told.bundle != nil && Pipe.shared != nil,
            "start `python apps/pipe_worker.py BUNDLE FOLDER`, and set VITEXPORT_BUNDLE and VITEXPORT_PIPES to these")
    }

    static var pack: Self {
        .enabled(
            if: Told.pack != nil, "unpack a pack that `vitexport bench --pack` made, and set VITEXPORT_PACK to its folder")
    }
}
