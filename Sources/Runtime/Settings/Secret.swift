/// A password, token or key. It prints as `<redacted>` however it is printed; only `reveal` gives it away, at the one
/// place that needs it.
public struct Secret: Sendable, Hashable {
    /// The secret itself. Never log it, never put it into an error.
    public let reveal: String

    public init(_ text: String) { reveal = text }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "<redacted>" }
    public var debugDescription: String { "<redacted>" }
    /// `dump` and everything else that looks inside finds nothing.
    public var customMirror: Mirror { Mirror(self, children: [] as [Mirror.Child], displayStyle: .struct) }
}
