import CallModel

/// The metadata of a batch, decoded and checked: one entry a call in every array, names as indices into `strings`.
///
/// This is what the aggregator works on: it maps each distinct string once a batch, not once a call.
public struct MetadataColumns: Sendable {
    public let callCount: Int
    /// Valid UTF-8 without NUL (which PostgreSQL's text cannot hold), at most `Limits.nameByteCountMax` bytes each.
    public private(set) var strings: [String] = []
    /// Microseconds since 1970.
    public private(set) var time: [Int64] = []
    public private(set) var bits: [UInt8] = []
    /// Known codes only (`Outcome.code`).
    public private(set) var outcome: [UInt8] = []
    /// 0 none, else 1 + `FailureKind.rawValue`.
    public private(set) var error: [UInt8]
    /// 0 without a response.
    public private(set) var status: [UInt16]
    /// Microseconds; -1 unknown.
    public private(set) var duration: [Int64] = []
    public private(set) var weight: [UInt32]
    public private(set) var traceID: [TraceID?]
    public private(set) var spanID: [SpanID?]
    public private(set) var id: [String?]
    /// Microseconds since 1970, where recorded.
    public private(set) var receivedAt: [Int64?]
    private var names: [[UInt32]]
    private var derivedID: [Bool]

    /// The dimensions that name things.
    public enum Name: Int, CaseIterable, Sendable {
        case partner, route, service, serviceVersion, host, region, environment, customer
        /// Of the far end: a /24 or /48.
        case peerNetwork

        var field: Int { self == .peerNetwork ? 23 : 8 + rawValue }
    }

    /// Indices into `strings`, 0 for none and i for `strings[i - 1]`; empty when no call has one.
    public func indices(of name: Name) -> [UInt32] { names[name.rawValue] }

    public func text(_ name: Name, at call: Int) -> String? {
        let column = names[name.rawValue]
        guard !column.isEmpty, column[call] != 0 else { return nil }
        return strings[Int(column[call]) - 1]
    }

    public func direction(at call: Int) -> Direction { bits[call] & 1 == 0 ? .outbound : .inbound }
    public func hasResponse(at call: Int) -> Bool { bits[call] & MetadataBits.response != 0 }
    /// Whether the id is the trace's and the span's, and need not be kept beside them.
    public func hasDerivedID(at call: Int) -> Bool { derivedID[call] }
    /// A source of a later format counts as JSON.
    public func source(at call: Int) -> CallSource { CallSource(rawValue: bits[call] >> 1 & 7) ?? .json }

    /// - Parameter bytes: the decompressed `Metadata` message.
    init(_ bytes: UnsafeRawBufferPointer, callCount: Int, limits: BatchLimits) throws(BatchError) {
        self.callCount = callCount
        error = [UInt8](repeating: 0, count: callCount)
        status = [UInt16](repeating: 0, count: callCount)
        weight = [UInt32](repeating: 1, count: callCount)
        traceID = [TraceID?](repeating: nil, count: callCount)
        spanID = [SpanID?](repeating: nil, count: callCount)
        id = [String?](repeating: nil, count: callCount)
        receivedAt = [Int64?](repeating: nil, count: callCount)
        names = [[UInt32]](repeating: [], count: Name.allCases.count)
        derivedID = [Bool](repeating: false, count: callCount)
        var fields = try MetadataFields(bytes, callCount: callCount, limits: limits)
        strings = fields.strings
        time = try fields.times()
        bits = try fields.byteColumn(3, required: true)
        outcome = try fields.byteColumn(4, required: true)
        guard outcome.allSatisfy({ Outcome(code: $0) != nil }) else { throw .malformed("an unknown outcome") }
        if fields.has(5) { error = try fields.byteColumn(5, required: true) }
        guard error.allSatisfy({ $0 <= FailureKind.allCases.count }) else { throw .malformed("an unknown error") }
        try readStatus(&fields)
        duration = try fields.numbers(7, max: UInt64(Int64.max)).map { Int64($0) - 1 }
        for name in Name.allCases where fields.has(name.field) {
            names[name.rawValue] = try fields.numbers(name.field, max: UInt64(strings.count)).map(UInt32.init)
        }
        if fields.has(16) {
            weight = try fields.numbers(16, max: UInt64(UInt32.max)).map { max(1, UInt32($0)) }
        }
        try readIdentifiers(&fields)
        if fields.has(22) { try readReceived(&fields) }
    }

    private mutating func readStatus(_ fields: inout MetadataFields) throws(BatchError) {
        var reader = fields.reader(6)
        for call in 0..<callCount where hasResponse(at: call) {
            let value = try reader.varint()
            guard (100...999).contains(value) else { throw .malformed("status \(value)") }
            status[call] = UInt16(value)
        }
    }

    private mutating func readIdentifiers(_ fields: inout MetadataFields) throws(BatchError) {
        var traces = fields.reader(17)
        var spans = fields.reader(18)
        for call in 0..<callCount {
            if bits[call] & MetadataBits.trace != 0 {
                traceID[call] = TraceID(high: try traces.fixed(), low: try traces.fixed())
            }
            if bits[call] & MetadataBits.span != 0 { spanID[call] = SpanID(bits: try spans.fixed()) }
        }
        guard fields.has(19) else { return }
        let kinds = try fields.byteColumn(19, required: true)
        var lengths = fields.reader(20)
        var contents = fields.reader(21)
        for call in 0..<callCount {
            switch IDKind(rawValue: kinds[call]) {
            case .some(.none): continue
            case .text:
                let length = try lengths.varint()
                guard length <= Limits.idByteCountMax else { throw .malformed("an id of \(length) bytes") }
                id[call] = try storableText(try contents.take(length))
            case .uuid: id[call] = uuidText(high: try contents.fixed(), low: try contents.fixed())
            case .traceAndSpan:
                guard let trace = traceID[call], let span = spanID[call] else { throw .malformed("an id of no trace") }
                id[call] = trace.hex + "-" + span.hex
                derivedID[call] = true
            case nil: throw .malformed("an unknown kind of id")
            }
        }
    }

    private mutating func readReceived(_ fields: inout MetadataFields) throws(BatchError) {
        let values = try fields.numbers(22, max: .max)
        for call in 0..<callCount where values[call] != 0 {
            let zigzag = values[call] - 1
            let offset = Int64(bitPattern: zigzag >> 1) ^ -Int64(bitPattern: zigzag & 1)
            let (sum, overflow) = time[call].addingReportingOverflow(offset)
            guard !overflow, storableMicroseconds.contains(sum) else { throw .malformed("a time out of range") }
            receivedAt[call] = sum
        }
    }
}

/// What an `Instant` can hold.
let storableMicroseconds = (Int64.min / 1_000)...(Int64.max / 1_000)

/// Bytes as text that every later stage can hold: valid UTF-8, NUL replaced.
func storableText(_ bytes: UnsafeRawBufferPointer) throws(BatchError) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else { throw .malformed("text that is no UTF-8") }
    guard bytes.contains(0) else { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 }))
}

func uuidText(high: UInt64, low: UInt64) -> String {
    let digits = Array((hexText(high) + hexText(low)).utf8)
    var text = digits[0..<8] + [UInt8(ascii: "-")]
    for part in [8..<12, 12..<16, 16..<20] {
        text += digits[part]
        text.append(UInt8(ascii: "-"))
    }
    text += digits[20..<32]
    return String(decoding: text, as: UTF8.self)
}
