import Foundation

/// What is refused, or does not work: one sentence, which says what is wrong and what to do. Apps show it as it is.
public protocol Refusal: LocalizedError, CustomStringConvertible, Equatable {
    var sentence: String { get }
}

extension Refusal {
    public var errorDescription: String? { sentence }
    public var description: String { sentence }
}

/// A bundle that is refused.
public struct BundleError: Refusal {
    public let sentence: String
}

/// A file that cannot be had.
public struct SourceError: Refusal {
    public let sentence: String
}
