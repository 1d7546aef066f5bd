import CallModel
import Documents

/// What became of the spans of one request.
public struct DecodedSpans: Sendable {
    /// A call for each HTTP client and server span that could be one, in order.
    public var calls: [APICall] = []
    /// The number, in the order of the request from 0, of the span each call came from.
    public var spanIndices: [Int] = []
    public var spanCount = 0
    /// Spans that are no HTTP client or server spans.
    public var letGoCount = 0
    /// The first of the rejected spans; the counts are exact.
    public var rejections: [(spanIndex: Int, reason: SpanRejection)] = []
    public var rejectedCounts: [SpanRejection: Int] = [:]
    /// Values cut to their bound in `Limits`.
    public var cutCount = 0

    public init() {}

    public var rejectedCount: Int { rejectedCounts.values.reduce(0, +) }
}

/// Reads OTLP traces (ExportTraceServiceRequest, opentelemetry-proto 1.x) in either encoding and makes calls of the
/// HTTP spans.
///
/// Pure: bytes and the time in, calls out. A request that is malformed anywhere yields nothing, so that the sender may
/// trust the answer; an HTTP span no call can be made of is rejected by itself. One value serves one thread at a time
/// and keeps its buffers from request to request.
public struct OTLPTraceDecoder {
    private var protobuf: ProtobufTraces
    private var json: JSONTraces
    private let configuration: OTLPConfiguration

    public init(configuration: OTLPConfiguration = OTLPConfiguration()) {
        let table = AttributeTable(customerAttributes: configuration.customerAttributes)
        self.configuration = configuration
        protobuf = ProtobufTraces(table: table)
        json = JSONTraces(table: table)
    }

    /// - Parameter now: the host's clock; calls far ahead of it are rejected.
    public mutating func decode(
        protobuf bytes: UnsafeRawBufferPointer, now: Instant
    ) throws(ReceiverError) -> DecodedSpans {
        var collector = SpanCollector(configuration: configuration, now: now)
        try protobuf.read(bytes, into: &collector)
        return collector.finished()
    }

    /// - Parameter document: the root of the request in OTLP's JSON encoding.
    public mutating func decode(json document: JSONValue, now: Instant) throws(ReceiverError) -> DecodedSpans {
        var collector = SpanCollector(configuration: configuration, now: now)
        try json.read(document, into: &collector)
        return collector.finished()
    }
}

/// Maps each span as it arrives and keeps the books.
private struct SpanCollector: SpanConsumer {
    private var mapping: SpanMapping
    private var resource = ResourceNames()
    private var decoded = DecodedSpans()
    private let now: Instant
    private let configuration: OTLPConfiguration

    init(configuration: OTLPConfiguration, now: Instant) {
        self.configuration = configuration
        self.now = now
        mapping = SpanMapping(configuration: configuration)
    }

    mutating func resourceArrived(_ attributes: AttributeValues) {
        resource = mapping.names(ofResource: attributes)
    }

    mutating func spanArrived(_ record: borrowing SpanRecord) {
        let index = decoded.spanCount
        decoded.spanCount += 1
        switch mapping.call(of: record, resource: resource, now: now) {
        case .letGo: decoded.letGoCount += 1
        case .rejected(let reason): reject(index, reason)
        case .call(let call):
            guard decoded.calls.count < configuration.callCountMax else { return reject(index, .tooMany) }
            decoded.calls.append(call)
            decoded.spanIndices.append(index)
        }
    }

    private mutating func reject(_ index: Int, _ reason: SpanRejection) {
        decoded.rejectedCounts[reason, default: 0] += 1
        if decoded.rejections.count < configuration.rejectionsKeptMax { decoded.rejections.append((index, reason)) }
    }

    func finished() -> DecodedSpans {
        var decoded = decoded
        decoded.cutCount = mapping.cutCount
        return decoded
    }
}
