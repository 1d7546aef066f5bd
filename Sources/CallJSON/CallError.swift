/// Why one call was refused.
public struct CallError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Where in the call, as a JSON pointer (RFC 6901); empty for the call as a whole.
    public var pointer: String
    /// What was expected and what was found. Never repeats a value from a URL, a header or a body.
    public var detail: String

    public init(pointer: String, detail: String) {
        self.pointer = pointer
        self.detail = detail
    }

    public var description: String { pointer.isEmpty ? detail : "\(pointer): \(detail)" }
}
