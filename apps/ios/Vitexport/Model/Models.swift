import TrackerCore

/// What the screens show, made once with the app: views are made over and over, and a model that one of them made would
/// be thrown away with it, its camera session included.
@MainActor
final class Models {
    let workbench: Workbench
    let track: TrackModel
    let selfTest: LongRun
    let benchmark: MeasuredRun<BenchmarkResult>
    let pack: MeasuredRun<PackResult>

    init() {
        workbench = Workbench()
        track = TrackModel(workbench)
        selfTest = LongRun(workbench)
        benchmark = MeasuredRun(workbench)
        pack = MeasuredRun(workbench)
    }
}
