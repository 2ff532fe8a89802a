/// A camera that cannot be used, in one sentence that says what to do.
struct CameraError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
