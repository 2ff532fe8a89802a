import Foundation
import Observation
import TrackerCore

/// The objects that are followed, and what became of them: between the camera, the engine and the Track screen.
@MainActor
@Observable
final class TrackModel {
    private(set) var objects = Objects()
    /// Not observed: they change with each frame, and are read four times a second
    @ObservationIgnored private(set) var stats = Stats()
    /// What is drawn over the picture
    private(set) var masks: MaskFrame?
    private(set) var isRunning = false
    /// Why the camera stands still although nobody stopped it
    private(set) var interruption: String?

    let camera = Camera()
    /// Whether a person looks at the camera's picture
    @ObservationIgnored private var isSeen = false
    private let workbench: Workbench
    private var gate: LatestFrameGate<CameraFrame>?
    private var droppedBefore = 0
    /// The start or stop that was asked for last
    @ObservationIgnored private var transition: Task<Void, Never>?

    init(_ workbench: Workbench) {
        self.workbench = workbench
        workbench.settle = { [weak self] in await self?.settle() }
    }

    func see(_ seen: Bool) {
        isSeen = seen
        Task { await settle() }
    }

    /// Show the camera, and follow what is pointed at in the bundle that is open, if somebody looks and nothing else needs
    /// the engine; else stop, and return when nothing is in flight any more.
    private func settle() async {
        await inTurn { [self] in
            if isSeen, workbench.occupied == nil, let opened = workbench.opened {
                await start(opened)
            } else {
                await stop()
            }
        }
    }

    /// After the starts and stops before, one of which may wait for permission: what is asked for last is what stays.
    private func inTurn(_ work: @escaping @MainActor () async -> Void) async {
        let before = transition
        let task = Task {
            await before?.value
            await work()
        }
        transition = task
        await task.value
    }

    private func start(_ opened: Opened) async {
        // Views and the workbench ask for it, each when something changed for it.
        guard !isRunning else { return }
        do {
            let gate = try makeGate(for: opened)
            let admission = workbench.admission
            let receiver = try FrameReceiver(side: opened.bundle.manifest.model.imageSize) {
                admission.passes(at: ProcessInfo.processInfo.systemUptime)
            } deliver: {
                gate.offer($0)
            }
            (self.gate, droppedBefore) = (gate, 0)
            try await camera.start(facing, receiver: receiver)
            (isRunning, interruption) = (true, nil)
        } catch {
            await stop()
            workbench.say(error)
        }
    }

    private func stop() async {
        await camera.stop()
        gate?.close()
        await gate?.drained()
        (gate, isRunning) = (nil, false)
    }

    var facing: CameraFacing { workbench.settings.camera }

    func flip() async {
        workbench.settings.camera = facing == .back ? .front : .back
        await clear()
        await restart()
    }

    /// Objects are followed on: the graphs remember them.
    private func restart() async {
        await inTurn { await self.stop() }
        await settle()
    }

    func turn(by angle: CGFloat) {
        Task { await camera.turn(by: angle) }
    }

    func watchCamera() async {
        for await event in Interruptions.stream() {
            switch event {
            case .stopped(let why): interruption = why
            case .back: interruption = nil
            case .reset: await restart()
            }
        }
    }

    /// Point at the selected object, or at a new one, in pixels of the model's square.
    func point(x: Float, y: Float) {
        prompt { try $0.point(x: x, y: y, isOn: true, still: nil) }
    }

    func box(left: Float, top: Float, right: Float, bottom: Float) {
        prompt { try $0.box(left: left, top: top, right: right, bottom: bottom, still: nil) }
    }

    func select(_ id: Int?) {
        objects.selected = id
    }

    func delete(_ id: Int) async {
        objects.delete(id)
        changed()
        await workbench.engine.forget(id)
    }

    func clear() async {
        objects.clear()
        stats.clear()
        changed()
        await workbench.engine.forgetAll()
    }

    private func prompt(_ ask: (inout Objects) throws -> Void) {
        do {
            try ask(&objects)
            changed()
        } catch {
            workbench.say(error)
        }
    }

    private func changed() {
        workbench.admission.objects(are: !objects.list.isEmpty)
        if objects.list.isEmpty { masks = nil }
    }

    private func makeGate(for opened: Opened) throws -> LatestFrameGate<CameraFrame> {
        // The manifest was held against the tracker contract.
        let logits = opened.loaded.graphs.trackStep.outputs.first { $0.kind == .maskLogits }!
        let textures = try MaskTextures(side: logits.shape.last!)
        let (engine, admission) = (workbench.engine, workbench.admission)
        return LatestFrameGate<CameraFrame> { [weak self] frame in
            let begun = ProcessInfo.processInfo.systemUptime
            // One that waited may have its turn while the model is to rest.
            guard admission.passes(at: begun), let prompts = await self?.takePrompts() else { return }
            defer { admission.worked(from: begun, to: ProcessInfo.processInfo.systemUptime) }
            do {
                let seen = try await engine.follow(frame, prompts: prompts)
                let masks = textures.take(seen.objects)
                await self?.followed(seen, masks, taken: frame.taken, begun: begun)
            } catch {
                await self?.giveBack(prompts)
                throw error
            }
        } failed: { [weak workbench] error in
            Task { await workbench?.say(error) }
        }
    }

    private func takePrompts() -> [Prompt] {
        objects.take()
    }

    private func giveBack(_ prompts: [Prompt]) {
        objects.giveBack(prompts)
    }

    private func followed(_ seen: SeenFrame, _ masks: MaskFrame?, taken: Double, begun: Double) {
        objects.see(seen.objects)
        self.masks = objects.list.isEmpty ? nil : masks ?? self.masks
        let dropped = gate?.dropped ?? droppedBefore
        stats.add(FrameTimes(
            taken: 1000 * taken, begun: 1000 * begun, shown: 1000 * ProcessInfo.processInfo.systemUptime,
            graphs: seen.ms.mapValues { $0.reduce(0, +) }, dropped: dropped - droppedBefore))
        droppedBefore = dropped
    }
}
