import CallModel
import Compression

/// Reads a batch. The bytes come from outside: everything is checked, nothing traps, and what it may cost is bounded.
public struct BatchReader: Sendable {
    public let callCount: Int
    public let catalogueVersion: String
    /// Consecutive, together all calls; empty when no call has a payload.
    public let payloads: [PayloadBlock]
    /// Of the batch as it was sealed, where this is what its host could keep of it (`BatchReduction`).
    public let original: BatchChecksum?
    let codec: Codec
    let packedMetadata: [UInt8]
    let packedShed: [UInt8]
    let shedCellCount: Int
    private let limits: BatchLimits

    /// One block as it lies in the batch, still packed: the aggregator stores it like this.
    public struct PayloadBlock: Sendable {
        public let callCount: Int
        public let bytes: [UInt8]
    }

    /// Reads the frame around the parts; the parts are opened by `metadata()` and `calls()`.
    public init(_ bytes: [UInt8], limits: BatchLimits = BatchLimits()) throws(BatchError) {
        try self.init(bytes, limits: limits, keepingPayloads: true)
    }

    /// Reads the frame as though it had no payloads.
    init(withoutPayloads bytes: [UInt8]) throws(BatchError) {
        try self.init(bytes, limits: BatchLimits(), keepingPayloads: false)
    }

    private init(_ bytes: [UInt8], limits: BatchLimits, keepingPayloads: Bool) throws(BatchError) {
        guard bytes.count <= limits.byteCountMax else { throw .tooLarge("\(bytes.count) bytes") }
        var frame = try borrow(bytes) { buffer throws(BatchError) in try BatchFrame(buffer, limits: limits) }
        if !keepingPayloads { frame.payloads = [] }
        guard let codec = Codec(rawValue: frame.codec) else { throw .malformed("codec \(frame.codec)") }
        let covered = frame.payloads.reduce(0) { $0 + $1.callCount }
        guard frame.payloads.isEmpty || covered == frame.callCount else {
            throw .malformed("payloads of \(covered) calls where there are \(frame.callCount)")
        }
        (self.callCount, self.catalogueVersion, self.codec) = (frame.callCount, frame.catalogueVersion, codec)
        (self.payloads, self.packedMetadata, self.limits) = (frame.payloads, frame.metadata, limits)
        (self.packedShed, self.shedCellCount, self.original) = (frame.shed, frame.shedCellCount, frame.original)
    }

    /// The counts of calls that were shed on the host: each entry stands for `weight` calls that have all else in common, and
    /// is counted but not stored.
    public func shed() throws(BatchError) -> MetadataColumns? {
        guard shedCellCount > 0 else { return nil }
        return try unpack(packedShed, codec, byteCountMax: limits.uncompressedByteCountMax) {
            bytes throws(BatchError) in
            try MetadataColumns(bytes, callCount: shedCellCount, limits: limits)
        }
    }

    /// The columns of the narrow rows.
    public func metadata() throws(BatchError) -> MetadataColumns {
        guard callCount > 0 else {
            return try MetadataColumns(.init(start: nil, count: 0), callCount: 0, limits: limits)
        }
        return try unpack(packedMetadata, codec, byteCountMax: limits.uncompressedByteCountMax) {
            bytes throws(BatchError) in
            try MetadataColumns(bytes, callCount: callCount, limits: limits)
        }
    }

    /// Every call, whole.
    public func calls() throws(BatchError) -> [APICall] {
        let columns = try metadata()
        var budget = limits.uncompressedByteCountMax
        var payloads: [CallPayload] = []
        for block in self.payloads {
            payloads += try unpack(block.bytes, codec, byteCountMax: budget) { bytes throws(BatchError) in
                budget -= bytes.count
                var reader = try PayloadReader(bytes, callCount: block.callCount, limits: limits)
                return try reader.payloads()
            }
        }
        return (0..<callCount).map { APICall(columns, at: $0, payload: payloads.isEmpty ? nil : payloads[$0]) }
    }

    /// Opens one payload block as it was stored.
    ///
    /// - Parameter callCount: the block's, which whoever stored it kept beside it.
    public static func payloads(
        ofBlock bytes: [UInt8], callCount: Int, limits: BatchLimits = BatchLimits()
    ) throws(BatchError) -> [CallPayload] {
        guard callCount <= BatchLimits.payloadCallCountMax else { throw .tooLarge("\(callCount) calls in a block") }
        return try unpack(bytes, .zstd, byteCountMax: limits.uncompressedByteCountMax) { bytes throws(BatchError) in
            var reader = try PayloadReader(bytes, callCount: callCount, limits: limits)
            return try reader.payloads()
        }
    }

    /// Opens one payload block for some of its calls, by their places in it; a place behind its end has no entry.
    ///
    /// What lies between the calls is stepped over: no text is made of it, and what is wrong there is not found.
    public static func payloads(
        ofBlock bytes: [UInt8], callCount: Int, rows: Set<Int>, limits: BatchLimits = BatchLimits()
    ) throws(BatchError) -> [Int: CallPayload] {
        guard callCount <= BatchLimits.payloadCallCountMax else { throw .tooLarge("\(callCount) calls in a block") }
        return try unpack(bytes, .zstd, byteCountMax: limits.uncompressedByteCountMax) { bytes throws(BatchError) in
            var reader = try PayloadReader(bytes, callCount: callCount, limits: limits)
            return try reader.payloads(of: rows)
        }
    }

    /// Whether the payload blocks are compressed and may be stored as they are.
    public var isSealed: Bool { codec == .zstd }
}

/// The outermost message.
private struct BatchFrame {
    var callCount = 0
    var catalogueVersion = ""
    var codec: UInt64 = 0
    var metadata: [UInt8] = []
    var payloads: [BatchReader.PayloadBlock] = []
    var shed: [UInt8] = []
    var shedCellCount = 0
    var original: BatchChecksum?

    init(_ bytes: UnsafeRawBufferPointer, limits: BatchLimits) throws(BatchError) {
        var reader = WireReader(bytes)
        var version: UInt64 = 0
        while !reader.isAtEnd {
            switch try reader.nextField() {
            case (1, .number(let value)):
                version = value
                guard readableBatchVersions.contains(version) else { throw .unknownVersion(version) }
            case (2, .number(let value)):
                guard value <= UInt64(limits.callCountMax) else { throw .tooLarge("\(value) calls") }
                callCount = Int(value)
            case (3, .bytes(let value)):
                guard value.count <= Limits.nameByteCountMax else { throw .malformed("the catalogue's version") }
                catalogueVersion = try storableText(value)
            case (4, .number(let value)): codec = value
            case (5, .bytes(let value)): metadata = Array(value)
            case (6, .bytes(let value)): payloads.append(try Self.block(value))
            case (7, .bytes(let value)): shed = Array(value)
            case (8, .number(let value)):
                guard value <= UInt64(limits.callCountMax) else { throw .tooLarge("\(value) counts") }
                shedCellCount = Int(value)
            case (9, .bytes(let value)):
                guard value.count == 16 else { throw .malformed("a checksum of \(value.count) bytes") }
                var reader = WireReader(value)
                original = BatchChecksum(high: try reader.fixed(), low: try reader.fixed())
            default: continue
            }
        }
        guard version != 0 else { throw .malformed("no version") }
    }

    private static func block(_ bytes: UnsafeRawBufferPointer) throws(BatchError) -> BatchReader.PayloadBlock {
        var reader = WireReader(bytes)
        var callCount = 0
        var data: [UInt8] = []
        while !reader.isAtEnd {
            switch try reader.nextField() {
            case (1, .number(let value)):
                guard (1...UInt64(BatchLimits.payloadCallCountMax)).contains(value) else {
                    throw .malformed("a payload block of \(value) calls")
                }
                callCount = Int(value)
            case (2, .bytes(let value)): data = Array(value)
            default: continue
            }
        }
        guard callCount > 0 else { throw .malformed("a payload block of no calls") }
        return BatchReader.PayloadBlock(callCount: callCount, bytes: data)
    }
}

private func unpack<Value>(
    _ bytes: [UInt8], _ codec: Codec, byteCountMax: Int, _ body: (UnsafeRawBufferPointer) throws(BatchError) -> Value
) throws(BatchError) -> Value {
    switch codec {
    case .plain:
        guard bytes.count <= byteCountMax else { throw .tooLarge("\(bytes.count) bytes") }
        return try borrow(bytes, body)
    case .zstd:
        let plain: [UInt8]
        do {
            plain = try borrow(bytes) { buffer throws(CompressionError) in
                try Zstandard.decompress(buffer, byteCountMax: byteCountMax)
            }
        } catch {
            switch error {
            case .tooLarge: throw .tooLarge(error.description)
            case .corrupt, .unsupported: throw .malformed(error.description)
            }
        }
        return try borrow(plain, body)
    }
}

/// `withUnsafeBytes` that passes a typed error on.
private func borrow<Value, Failure: Error>(
    _ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
) throws(Failure) -> Value {
    let result = bytes.withUnsafeBytes { buffer in
        Result { () throws(Failure) in try body(buffer) }
    }
    return try result.get()
}

extension APICall {
    /// Joins what the metadata tells of a call with its payload, where there is one.
    init(_ columns: MetadataColumns, at index: Int, payload: CallPayload?) {
        self.init(
            time: Instant(microsecondsSinceEpoch: columns.time[index]), direction: columns.direction(at: index),
            request: payload?.request ?? Request(method: "", url: ""), source: columns.source(at: index))
        id = columns.id[index]
        receivedAt = columns.receivedAt[index].map(Instant.init(microsecondsSinceEpoch:))
        partner = columns.text(.partner, at: index)
        route = columns.text(.route, at: index)
        service = columns.text(.service, at: index)
        serviceVersion = columns.text(.serviceVersion, at: index)
        host = columns.text(.host, at: index)
        region = columns.text(.region, at: index)
        environment = columns.text(.environment, at: index)
        customer = columns.text(.customer, at: index)
        error = columns.error[index] == 0 ? nil : FailureKind(rawValue: columns.error[index] - 1)
        outcome = Outcome(code: columns.outcome[index]) ?? .noAnswer(.other)
        let microseconds = columns.duration[index]
        duration =
            microseconds < 0 ? nil : .nanoseconds(microseconds.multipliedReportingOverflow(by: 1_000).partialValue)
        traceID = columns.traceID[index]
        spanID = columns.spanID[index]
        weight = columns.weight[index]
        attach(payload, status: columns.hasResponse(at: index) ? Int(columns.status[index]) : nil)
    }

    /// Adds what a payload block tells to what the narrow row told.
    ///
    /// - Parameter status: of the response; nil when none came.
    public mutating func attach(_ payload: CallPayload?, status: Int?) {
        if let payload { request = payload.request }
        peerAddress = payload?.peerAddress
        parentSpanID = payload?.parentSpanID
        webhook = payload?.webhook
        guard let status else { return }
        response = Response(status: status, headers: payload?.responseHeaders ?? [], body: payload?.responseBody)
        response?.bodyByteCount = payload?.responseBodyByteCount
    }
}
