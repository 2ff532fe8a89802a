import TrackerCore

/// A camera that cannot be used, in one sentence that says what to do.
struct CameraError: Refusal {
    let sentence: String

    init(_ sentence: String) {
        self.sentence = sentence
    }
}
