/// What befalls the camera although nobody stopped it.
enum CameraEvent: Sendable {
    /// It stands still; why, in one sentence
    case stopped(String)
    /// It goes on.
    case back
    /// The system's media services ended, and began anew: what was a running session is none any more.
    case reset
}
