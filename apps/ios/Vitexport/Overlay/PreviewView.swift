@preconcurrency import AVFoundation
import UIKit

/// What the camera shows, with the masks over it, and the way from a tap to the picture.
final class PreviewView: UIView {
    /// Hears of the angle, in degrees, by which pictures are to be turned.
    var onTurn: @MainActor (CGFloat) -> Void = { _ in }
    private let masks: MaskRenderer?
    private var coordinator: AVCaptureDevice.RotationCoordinator?
    private var turning: NSKeyValueObservation?
    private var shown: (masks: MaskFrame?, opacity: Float) = (nil, 0)

    override class var layerClass: AnyClass { AVCaptureVideoPreviewLayer.self }

    private var preview: AVCaptureVideoPreviewLayer { layer as! AVCaptureVideoPreviewLayer }

    /// nil where masks cannot be drawn: the camera is shown all the same.
    init(session: AVCaptureSession, masks: MaskRenderer?) {
        self.masks = masks
        super.init(frame: .zero)
        preview.session = session
        preview.videoGravity = .resizeAspect
        backgroundColor = .black
        if let masks { addSubview(masks.view) }
    }

    @available(*, unavailable)
    required init?(coder: NSCoder) {
        fatalError("This view is made in code only.")
    }

    /// The session has another camera now.
    func cameraChanged() {
        guard let device = (preview.session?.inputs.first as? AVCaptureDeviceInput)?.device else { return }
        let coordinator = AVCaptureDevice.RotationCoordinator(device: device, previewLayer: preview)
        self.coordinator = coordinator
        // Its values change on the main thread.
        turning = coordinator.observe(\.videoRotationAngleForHorizonLevelPreview, options: .initial) { [weak self] _, _ in
            MainActor.assumeIsolated { self?.turn() }
        }
    }

    /// nil where there are none to show
    func show(_ frame: MaskFrame?, opacity: Float) {
        shown = (frame, opacity)
        masks?.show(frame, placement: placement, opacity: opacity)
    }

    /// Of the whole picture in this view; the layer knows where it lies, and whether it is mirrored.
    var placement: Placement {
        let whole = CGRect(x: 0, y: 0, width: 1, height: 1)
        return Placement(
            picture: preview.layerRectConverted(fromMetadataOutputRect: whole),
            mirrored: preview.connection?.isVideoMirrored ?? false)
    }

    override func layoutSubviews() {
        super.layoutSubviews()
        masks?.view.frame = bounds
        show(shown.masks, opacity: shown.opacity)
    }

    /// The picture that is seen and the one that is followed are turned alike, so that masks fit.
    private func turn() {
        guard let angle = coordinator?.videoRotationAngleForHorizonLevelPreview, let connection = preview.connection,
            connection.isVideoRotationAngleSupported(angle)
        else { return }
        connection.videoRotationAngle = angle
        onTurn(angle)
        setNeedsLayout()
    }
}
