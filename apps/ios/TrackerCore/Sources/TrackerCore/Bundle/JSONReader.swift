import Foundation

/// What is no JSON, or not what it is taken for. The message says where and why, and ends without a full stop.
struct JSONError: Error, Equatable {
    let message: String
}

/// Reads JSON that somebody else wrote: each value is held against what it is taken for, and refused by its place.
struct JSONReader {
    let value: JSONValue
    /// Where it stands, such as `graphs[0].name`; empty for all of it
    let place: String

    private init(_ value: JSONValue, at place: String) {
        self.value = value
        self.place = place
    }

    /// The value that UTF-8 `bytes` stand for. Throws `JSONError`.
    init(_ bytes: Data) throws {
        do {
            self.init(try JSONDecoder().decode(JSONValue.self, from: bytes), at: "")
        } catch {
            throw JSONError(message: "it is no JSON, or not in UTF-8")
        }
    }

    /// A field of an object, which has to be there; other fields may be there as well.
    subscript(key: String) -> JSONReader {
        get throws {
            let inner = place.isEmpty ? key : "\(place).\(key)"
            guard let found = try fields[key] else { throw JSONError(message: "\(inner) is missing") }
            return JSONReader(found, at: inner)
        }
    }

    var text: String {
        get throws {
            guard case .string(let text) = value else { throw unlike("text") }
            return text
        }
    }

    var truth: Bool {
        get throws {
            guard case .bool(let truth) = value else { throw unlike("true or false") }
            return truth
        }
    }

    var number: Double {
        get throws {
            guard case .number(let number) = value else { throw unlike("a number") }
            return number
        }
    }

    func whole(_ range: ClosedRange<Int>) throws -> Int {
        guard case .number(let number) = value, let whole = Int(exactly: number), range.contains(whole) else {
            throw unlike("a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return whole
    }

    /// One of the words of an enumeration
    func oneOf<Word: RawRepresentable & CaseIterable>(_: Word.Type) throws -> Word where Word.RawValue == String {
        guard case .string(let text) = value, let word = Word(rawValue: text) else {
            throw unlike(Word.allCases.map(\.rawValue).joined(separator: " or "))
        }
        return word
    }

    /// Text all of which has a pattern
    func like<Output>(_ pattern: Regex<Output>) throws -> String {
        let found = try text
        guard found.wholeMatch(of: pattern) != nil else { throw unlike("another text") }
        return found
    }

    func orNull<Value>(_ read: (JSONReader) throws -> Value) rethrows -> Value? {
        value == .null ? nil : try read(self)
    }

    func list<Value>(most: Int, _ read: (JSONReader) throws -> Value) throws -> [Value] {
        guard case .array(let list) = value else { throw unlike("a list") }
        guard list.count <= most else {
            throw JSONError(message: "\(place) has \(list.count) entries, and at most \(most) are taken")
        }
        return try list.enumerated().map { try read(JSONReader($1, at: "\(place)[\($0)]")) }
    }

    /// An object whose values are all of one type
    func record<Value>(_ read: (JSONReader) throws -> Value) throws -> [String: Value] {
        try Dictionary(uniqueKeysWithValues: fields.keys.map { ($0, try read(self[$0])) })
    }

    private var fields: [String: JSONValue] {
        get throws {
            guard case .object(let fields) = value else { throw unlike("an object") }
            return fields
        }
    }

    private func unlike(_ wanted: String) -> JSONError {
        JSONError(message: "\(place.isEmpty ? "all of it" : place) should be \(wanted) and is \(value.shown)")
    }
}
