/// Why the body of a request could not be read at all. One bad call in a good body is a rejection, not an error.
public enum ReceiverError: Error, Equatable, CustomStringConvertible {
    /// The bytes are not what the content type says; the detail is for the sender.
    case malformed(String)

    public var description: String {
        switch self {
        case .malformed(let detail): "the body is malformed: \(detail)"
        }
    }
}
