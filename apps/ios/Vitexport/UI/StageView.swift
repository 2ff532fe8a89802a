import AVFoundation
import SwiftUI
import TrackerCore

/// The camera's picture with its masks, in SwiftUI.
struct StageView: UIViewRepresentable {
    /// Lets gestures ask where the picture lies in the view
    @MainActor
    final class Handle {
        fileprivate(set) weak var view: PreviewView?

        var placement: Placement? { view?.placement }
    }

    let session: AVCaptureSession
    let masks: MaskFrame?
    let opacity: Double
    /// Of the camera that runs; nil where none does
    let facing: CameraFacing?
    let handle: Handle
    let onTurn: @MainActor (CGFloat) -> Void
    /// Hears why no masks are drawn
    let onFailure: @MainActor (any Error) -> Void

    final class Coordinator {
        var facing: CameraFacing?
    }

    func makeCoordinator() -> Coordinator {
        Coordinator()
    }

    func makeUIView(context: Context) -> PreviewView {
        let view = PreviewView(session: session, masks: makeRenderer())
        view.onTurn = onTurn
        handle.view = view
        return view
    }

    func updateUIView(_ view: PreviewView, context: Context) {
        view.show(masks, opacity: Float(opacity))
        guard context.coordinator.facing != facing else { return }
        context.coordinator.facing = facing
        if facing != nil { view.cameraChanged() }
    }

    private func makeRenderer() -> MaskRenderer? {
        do {
            return try MaskRenderer.make()
        } catch {
            // Later: a view may not change what it is made from while it is made.
            Task { onFailure(error) }
            return nil
        }
    }
}
