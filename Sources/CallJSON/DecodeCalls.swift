import CallModel
import Documents
import Glibc

/// How calls lie in a document.
public enum CallDocumentForm: Sendable {
    /// One call, or an array of calls.
    case json
    /// One call a line (application/x-ndjson).
    case ndjson
}

/// Why a whole document was refused.
public enum CallDocumentError: Error, Equatable, CustomStringConvertible {
    case malformed(JSONError)
    /// Neither an object nor an array.
    case noCalls(found: String)
    case tooManyCalls(max: Int)

    public var description: String {
        switch self {
        case .malformed(let error): error.description
        case .noCalls(let found): "expected a call or an array of calls, found \(found)"
        case .tooManyCalls(let max): "more than \(max) calls in one document"
        }
    }
}

/// What a document held. Every call in it is either in `calls` or counted in `rejectedCount`.
public struct DecodedCalls: Sendable {
    /// How many of the rejections are kept.
    public static let rejectionCountMax = 100

    public var calls: [APICall] = []
    /// The place of each of `calls` in the document, from 0; blank lines do not count.
    public var indices: [Int] = []
    /// The first of them, in order.
    public var rejections: [(index: Int, error: CallError)] = []
    public var rejectedCount = 0
    public var ignoredFieldCount = 0
    /// Bodies above `Limits.bodyByteCountMax`, of which only the size was kept.
    public var droppedBodyCount = 0

    public init() {}

    mutating func reject(_ error: CallError, at index: Int) {
        rejectedCount += 1
        if rejections.count < Self.rejectionCountMax { rejections.append((index, error)) }
    }
}

/// Bounds of a document of calls, beside the parser's own.
public struct CallDocumentLimits: Sendable {
    public var callCountMax = 100_000
    /// Bytes of one line: a body of the largest size with every byte escaped, and what stands around it.
    public var lineByteCountMax = 8 << 20

    public init() {}
}

/// Asked first for each call of a document: what it takes is not among the calls that are read.
public protocol CallTaker: AnyObject {
    /// Whether it takes the one call that a text is, without its being parsed; asked before the text is parsed.
    ///
    /// - Parameter readableAfter: bytes behind the text that may be read.
    func take(_ text: UnsafeRawBufferPointer, readableAfter: Int) -> Bool

    /// Whether it takes a call. It must not use the parser that the value comes from.
    ///
    /// - Parameter text: the document that holds the call, by itself or among others.
    func take(_ value: JSONValue, of text: UnsafeRawBufferPointer) -> Bool
}

/// Reads every call of a document. A malformed document is refused as a whole; a bad line or element only by itself.
public func decodeCalls(
    _ bytes: UnsafeRawBufferPointer, form: CallDocumentForm, parser: JSONParser
) throws(CallDocumentError) -> DecodedCalls {
    var reader = CallJSONReader()
    return try decodeCalls(bytes, form: form, parser: parser, reader: &reader)
}

/// The same with a reader that remembers names from one document to the next.
///
/// - Parameter taker: nil where all calls are wanted.
public func decodeCalls(
    _ bytes: UnsafeRawBufferPointer, form: CallDocumentForm, parser: JSONParser, reader: inout CallJSONReader,
    limits: CallDocumentLimits = CallDocumentLimits(), taker: (any CallTaker)? = nil
) throws(CallDocumentError) -> DecodedCalls {
    var decoded = DecodedCalls()
    let ignoredBefore = reader.ignoredFieldCount
    let droppedBefore = reader.droppedBodyCount
    switch form {
    case .json: try decodeDocument(bytes, parser, &reader, limits, taker, into: &decoded)
    case .ndjson: try decodeLines(bytes, parser, &reader, limits, taker, into: &decoded)
    }
    parser.shrink()
    decoded.ignoredFieldCount = reader.ignoredFieldCount - ignoredBefore
    decoded.droppedBodyCount = reader.droppedBodyCount - droppedBefore
    return decoded
}

private func decodeDocument(
    _ bytes: UnsafeRawBufferPointer, _ parser: JSONParser, _ reader: inout CallJSONReader, _ limits: CallDocumentLimits,
    _ taker: (any CallTaker)?, into decoded: inout DecodedCalls
) throws(CallDocumentError) {
    if let taker, bytes.first == UInt8(ascii: "{"), taker.take(bytes, readableAfter: 0) { return }
    let root: JSONValue
    do { root = try parser.root(of: bytes) } catch { throw .malformed(error) }
    switch root.kind {
    case .object: if taker?.take(root, of: bytes) != true { decodeCall(root, at: 0, &reader, into: &decoded) }
    case .array:
        var index = 0
        try root.forEachElement { (element) throws(CallDocumentError) in
            guard index < limits.callCountMax else { throw .tooManyCalls(max: limits.callCountMax) }
            if taker?.take(element, of: bytes) != true { decodeCall(element, at: index, &reader, into: &decoded) }
            index += 1
        }
    default: throw .noCalls(found: root.kindText)
    }
}

private func decodeLines(
    _ bytes: UnsafeRawBufferPointer, _ parser: JSONParser, _ reader: inout CallJSONReader, _ limits: CallDocumentLimits,
    _ taker: (any CallTaker)?, into decoded: inout DecodedCalls
) throws(CallDocumentError) {
    var lines = LineSplitter(bytes)
    var index = 0
    while let line = lines.next() {
        guard index < limits.callCountMax else { throw .tooManyCalls(max: limits.callCountMax) }
        defer { index += 1 }
        guard line.count <= limits.lineByteCountMax else {
            let detail = "expected a line of at most \(limits.lineByteCountMax) bytes, found \(line.count)"
            decoded.reject(CallError(pointer: "", detail: detail), at: index)
            continue
        }
        let readableAfter = lines.byteCountAfter(line)
        if let taker, taker.take(line, readableAfter: readableAfter) { continue }
        do throws(JSONError) {
            let root = try parser.root(of: line, readableAfter: readableAfter)
            if taker?.take(root, of: line) != true { decodeCall(root, at: index, &reader, into: &decoded) }
        } catch {
            decoded.reject(CallError(pointer: "", detail: error.description), at: index)
        }
    }
}

private func decodeCall(
    _ value: JSONValue, at index: Int, _ reader: inout CallJSONReader, into decoded: inout DecodedCalls
) {
    do throws(CallError) {
        decoded.calls.append(try reader.read(value))
        decoded.indices.append(index)
    } catch {
        decoded.reject(error, at: index)
    }
}
