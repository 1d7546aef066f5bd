/// How a place in a request can be wrong. The raw values are the words of the JSON contract.
public enum ExplainTest: String, Sendable, CaseIterable {
    case missing, equals, type, format, greater, less, length, present
    /// The same value was sent before, where successful calls never repeat one.
    case duplicate
    /// A key in place of one that is missing.
    case renamed
    /// It stands there only because the answer names it.
    case named
}

/// One thing about one place that successful requests do not have, and how surprising it is.
struct Anomaly {
    var path: Int32
    /// Where in the call: the node itself, or for a missing key the node it is missing from. -1: nowhere in particular.
    var node: Int32
    var test: ExplainTest
    /// The negative logarithm of its probability in a successful call.
    var surprise: Double
    /// A word more about the test: `null`, `empty`, `value`, `characters`, `few`, `new`.
    var detail: Detail = .none
    /// Of a renamed key: the place that stands there instead.
    var otherPath: Int32 = -1
    var otherNode: Int32 = -1

    enum Detail {
        case none, null, empty, notAllowed, oddCharacters, few, malformed, unknownKey, tooLong, tooShort
    }
}
