@preconcurrency import AVFoundation
import TrackerCore

/// The camera: a session on a queue of its own, whose pictures a `FrameReceiver` takes.
actor Camera {
    /// What `PreviewView` shows. `unsafe`: the preview layer reads it, and only this actor changes it.
    nonisolated(unsafe) let session = AVCaptureSession()

    private let queue = DispatchSerialQueue(label: "vitexport.camera")
    private let output = AVCaptureVideoDataOutput()
    /// Degrees; kept, because a session that starts again has new connections, whose pictures are not turned
    private var angle: CGFloat = 0

    /// Starting a session takes its time, and blocks: it has a thread of its own, not one of all tasks.
    nonisolated var unownedExecutor: UnownedSerialExecutor {
        queue.asUnownedSerialExecutor()
    }

    /// Show the camera, and hand its pictures to `receiver`. Throws `CameraError` where the user or the device says no.
    func start(_ facing: CameraFacing, receiver: FrameReceiver) async throws {
        try await Self.askPermission()
        try configure(facing, receiver: receiver)
        if !session.isRunning { session.startRunning() }
    }

    /// A camera that nobody looks at is off.
    func stop() {
        output.setSampleBufferDelegate(nil, queue: nil)
        if session.isRunning { session.stopRunning() }
    }

    /// Turn pictures upright, by the angle in degrees by which the preview is turned: a mask fits on what is seen.
    func turn(by angle: CGFloat) {
        self.angle = angle
        guard let connection = output.connection(with: .video), connection.isVideoRotationAngleSupported(angle) else {
            return
        }
        connection.videoRotationAngle = angle
    }

    private static func askPermission() async throws {
        let refused = "The camera is not allowed: allow it in Settings, Privacy & Security, Camera, and try again."
        switch AVCaptureDevice.authorizationStatus(for: .video) {
        case .authorized: return
        case .notDetermined:
            if await AVCaptureDevice.requestAccess(for: .video) { return }
            throw CameraError(refused)
        case .restricted:
            throw CameraError("This device's restrictions forbid the camera: whoever manages the device can allow it.")
        default:
            throw CameraError(refused)
        }
    }

    private func configure(_ facing: CameraFacing, receiver: FrameReceiver) throws {
        guard let device = AVCaptureDevice.default(.builtInWideAngleCamera, for: .video, position: facing.position) else {
            throw CameraError("This device has no \(facing.rawValue) camera: choose the other one.")
        }
        let input = try AVCaptureDeviceInput(device: device)
        session.beginConfiguration()
        defer { session.commitConfiguration() }
        session.inputs.forEach(session.removeInput)
        guard session.canAddInput(input) else { throw Self.busy }
        session.addInput(input)
        if session.canSetSessionPreset(.hd1280x720) { session.sessionPreset = .hd1280x720 }
        if !session.outputs.contains(output) {
            guard session.canAddOutput(output) else { throw Self.busy }
            session.addOutput(output)
        }
        output.videoSettings = [kCVPixelBufferPixelFormatTypeKey as String: kCVPixelFormatType_32BGRA]
        output.alwaysDiscardsLateVideoFrames = true
        output.setSampleBufferDelegate(receiver, queue: receiver.queue)
        if let connection = output.connection(with: .video), connection.isVideoMirroringSupported {
            // The front camera's picture is mirrored where it is drawn, and nowhere else.
            connection.automaticallyAdjustsVideoMirroring = false
            connection.isVideoMirrored = false
        }
        turn(by: angle)
    }

    private static let busy = CameraError("The camera cannot be used now: close the app that has it, and try again.")
}

extension CameraFacing {
    fileprivate var position: AVCaptureDevice.Position {
        self == .back ? .back : .front
    }
}
