import SwiftUI
import TrackerCore

/// The main screen: the camera, objects that are pointed at, and their masks.
struct TrackView: View {
    let workbench: Workbench
    let model: TrackModel
    @State private var handle = StageView.Handle()
    /// A box that is being drawn, in points of the stage
    @State private var box: CGRect?
    @State private var isVisible = false
    @Environment(\.scenePhase) private var scenePhase

    var body: some View {
        VStack(spacing: 8) {
            stage
            hint
            ObjectChips(model: model)
            HStack {
                FiguresView(model: model)
                Spacer()
                Button("Other camera", systemImage: "arrow.triangle.2.circlepath.camera") { Task { await model.flip() } }
                    .labelStyle(.iconOnly)
                Button("Clear", systemImage: "trash") { Task { await model.clear() } }
                    .labelStyle(.iconOnly)
                    .disabled(model.objects.list.isEmpty)
            }
            .padding(.horizontal)
        }
        .padding(.bottom, 8)
        .task { await model.watchCamera() }
        // Other graphs know nothing of the objects.
        .onChange(of: workbench.opened?.configuration) { Task { await model.clear() } }
        // A camera that nobody looks at is off.
        .onChange(of: isVisible && scenePhase == .active, initial: true) { _, isSeen in model.see(isSeen) }
        .onAppear { isVisible = true }
        .onDisappear { isVisible = false }
    }

    private var stage: some View {
        StageView(
            session: model.camera.session, masks: model.masks, opacity: workbench.settings.overlayOpacity,
            facing: model.isRunning ? model.facing : nil, handle: handle, onTurn: { model.turn(by: $0) },
            onFailure: { workbench.say($0) }
        )
        .overlay { BoxView(box: box) }
        .gesture(drag.exclusively(before: tap))
        .accessibilityElement()
        .accessibilityLabel("Camera picture")
        .accessibilityHint("Tap an object to follow it, or drag a box around it.")
        .accessibilityAction(named: "Follow what is in the middle") { point(at: nil) }
    }

    private var hint: some View {
        Text(workbench.busy ?? model.interruption ?? workbench.condition.words ?? words)
            .font(.callout)
            .multilineTextAlignment(.center)
            .padding(.horizontal)
    }

    private var words: String {
        if let occupied = workbench.occupied { return "\(occupied) is running: the camera waits for its end." }
        return workbench.opened == nil
            ? "No bundle is open: see Settings for why." : "Tap an object, or drag a box around it."
    }

    private var tap: some Gesture {
        SpatialTapGesture().onEnded { point(at: $0.location) }
    }

    private var drag: some Gesture {
        DragGesture(minimumDistance: 12)
            .onChanged { box = rectangle($0) }
            .onEnded { gesture in
                box = nil
                draw(rectangle(gesture))
            }
    }

    private func rectangle(_ gesture: DragGesture.Value) -> CGRect {
        let (from, to) = (gesture.startLocation, gesture.location)
        return CGRect(x: min(from.x, to.x), y: min(from.y, to.y), width: abs(to.x - from.x), height: abs(to.y - from.y))
    }

    private var side: Int? { workbench.opened?.bundle.manifest.model.imageSize }

    /// nil for the middle of the picture
    private func point(at location: CGPoint?) {
        guard let placement = handle.placement, let side else { return }
        let at = location ?? CGPoint(x: placement.picture.midX, y: placement.picture.midY)
        guard let (x, y) = placement.inModel(at, side: side) else { return }
        model.point(x: x, y: y)
    }

    private func draw(_ box: CGRect) {
        guard let placement = handle.placement, let side else { return }
        let inside = box.intersection(placement.picture)
        guard let one = placement.inModel(CGPoint(x: inside.minX, y: inside.minY), side: side),
            let other = placement.inModel(CGPoint(x: inside.maxX.nextDown, y: inside.maxY.nextDown), side: side)
        else { return }
        // In a mirrored picture the corner that is seen left is the right one.
        model.box(left: min(one.x, other.x), top: one.y, right: max(one.x, other.x), bottom: other.y)
    }
}

private struct BoxView: View {
    let box: CGRect?

    var body: some View {
        if let box {
            Path(box)
                .stroke(.white, lineWidth: 2)
                .shadow(color: .black, radius: 2)
                .allowsHitTesting(false)
        }
    }
}
