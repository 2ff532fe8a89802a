import Foundation
import TrackerCore

/// Sends a result to a latency service, where the person said so and to where.
enum Sharing {
    /// What is behind the # of an address is the service's token. Throws `EngineError`.
    static func post(_ report: Report, to given: String) async throws {
        let parts = given.split(separator: "#", maxSplits: 1).map(String.init)
        let address = parts.first ?? ""
        guard address.hasPrefix("https://"), let url = URL(string: address) else {
            throw EngineError(sentence: "An address begins with https://.")
        }
        var request = URLRequest(url: url)
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        if parts.count > 1 {
            request.setValue("Bearer \(parts[1])", forHTTPHeaderField: "Authorization")
        }
        let answer: URLResponse
        do {
            (_, answer) = try await URLSession.shared.upload(for: request, from: report.json, delegate: ToNoOther())
        } catch {
            throw EngineError(sentence: "\(address) does not answer: save the file instead.")
        }
        let status = (answer as? HTTPURLResponse)?.statusCode ?? 0
        guard 200..<300 ~= status else {
            throw EngineError(sentence: "\(address) refused the result with status \(status).")
        }
    }
}

/// The person agreed to this address, and to no other: a redirection is the answer, and is not followed.
private final class ToNoOther: NSObject, URLSessionTaskDelegate {
    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest
    ) async -> URLRequest? {
        nil
    }
}
