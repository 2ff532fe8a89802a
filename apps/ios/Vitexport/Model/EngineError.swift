import TrackerCore

/// What the app does not do now, in one sentence.
struct EngineError: Refusal {
    let sentence: String
}
