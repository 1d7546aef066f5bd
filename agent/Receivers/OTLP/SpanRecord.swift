import CallModel

/// One span as either encoding tells it, in borrowed bytes: what the protobuf and the JSON reader fill and the mapping
/// reads.
///
/// One record is used for all spans of a request, so that its arrays are allocated once.
struct SpanRecord {
    /// What bounds a hostile span; what lies beyond is passed over.
    static let headerCountMax = Limits.headerCountMax
    static let attributeCountMax = 1_024

    var traceID: TraceID?
    var spanID: SpanID?
    var parentSpanID: SpanID?
    var traceState: BorrowedText?
    var kind: Kind?
    /// Nanoseconds since 1970; 0 is unknown.
    var startNs: UInt64 = 0
    var endNs: UInt64 = 0
    var statusIsError = false
    var statusMessage: BorrowedText?
    /// Of the last `exception` event: the one that ended the call, where a client retried.
    var exceptionType: BorrowedText?
    var exceptionMessage: BorrowedText?
    var attributes = AttributeValues()
    var requestHeaders: [(name: BorrowedText, value: BorrowedText)] = []
    var responseHeaders: [(name: BorrowedText, value: BorrowedText)] = []

    /// The kinds of span that can be calls; all others are let go.
    enum Kind: Int64 {
        case server = 2
        case client = 3
    }

    mutating func removeAll() {
        traceID = nil
        spanID = nil
        parentSpanID = nil
        traceState = nil
        kind = nil
        startNs = 0
        endNs = 0
        statusIsError = false
        statusMessage = nil
        exceptionType = nil
        exceptionMessage = nil
        attributes.removeAll()
        requestHeaders.removeAll(keepingCapacity: true)
        responseHeaders.removeAll(keepingCapacity: true)
    }

    mutating func addHeader(_ name: BorrowedText, _ value: BorrowedText, ofRequest: Bool) {
        if ofRequest {
            if requestHeaders.count < Self.headerCountMax { requestHeaders.append((name, value)) }
        } else {
            if responseHeaders.count < Self.headerCountMax { responseHeaders.append((name, value)) }
        }
    }
}

/// What the resource of a group of spans says, read once and shared by their calls.
struct ResourceNames {
    var service: String?
    var serviceVersion: String?
    var environment: String?
    var host: String?
    var region: String?
    var customer: String?
}
