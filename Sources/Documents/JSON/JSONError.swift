/// Why bytes are no JSON document that can be read here.
public enum JSONError: Error, Equatable, CustomStringConvertible {
    /// Against RFC 8259's grammar, or not UTF-8. The offset counts from the first byte handed in; `detail` says what was
    /// expected there and never repeats the bytes themselves.
    case malformed(byteOffset: Int?, detail: String)
    /// Containers nested deeper than `JSONParser.depthMax`.
    case tooDeep
    case tooLarge(byteCount: Int, max: Int)
    /// The system refused the memory the text needs, about 15 bytes for each of its own.
    case outOfMemory

    public var description: String {
        switch self {
        case .malformed(let offset?, let detail): "malformed JSON at byte \(offset): \(detail)"
        case .malformed(nil, let detail): "malformed JSON: \(detail)"
        case .tooDeep: "JSON nested too deep"
        case .tooLarge(let byteCount, let max): "JSON of \(byteCount) bytes, of which at most \(max) are read"
        case .outOfMemory: "no memory for this JSON document"
        }
    }
}
