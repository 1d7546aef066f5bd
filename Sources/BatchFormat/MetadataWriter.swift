import CallModel

/// Collects the columns of `Metadata`: what of a call becomes a narrow row.
struct MetadataWriter {
    private var table = StringTable()
    private var lastTime: Int64 = 0
    private var time: [UInt8] = []
    private var bits: [UInt8] = []
    private var outcome: [UInt8] = []
    private var error: [UInt8] = []
    private var status: [UInt8] = []
    private var duration: [UInt8] = []
    /// By `MetadataColumns.Name`.
    private var names = InlineArray<9, [UInt8]>(repeating: [])
    private var networks = PeerNetworks()
    private var weight: [UInt8] = []
    private var traceID: [UInt8] = []
    private var spanID: [UInt8] = []
    private var idKind: [UInt8] = []
    private var idLength: [UInt8] = []
    private var id: [UInt8] = []
    private var receivedAt: [UInt8] = []
    private var anyWeight = false, anyID = false, anyError = false, anyReceivedAt = false
    private(set) var byteCount = 0

    mutating func append(_ call: APICall) {
        append(Fixed(call))
        append(call.partner, to: .partner)
        append(call.route, to: .route)
        append(call.service, to: .service)
        append(call.serviceVersion, to: .serviceVersion)
        append(call.host, to: .host)
        append(call.region, to: .region)
        append(call.environment, to: .environment)
        append(call.customer, to: .customer)
        append(call.peerAddress.flatMap { networks.network(of: $0) }, to: .peerNetwork)
        if var text = call.id {
            text.withUTF8 { append(id: $0, trace: call.traceID, span: call.spanID) }
        } else {
            idKind.append(IDKind.none.rawValue)
        }
    }

    mutating func append(_ row: CallRow) {
        append(Fixed(row))
        // Of both the columns stand in the same order.
        for name in CallRow.Name.allCases {
            let text = row[name]
            names[name.rawValue].appendVarint(text.isEmpty ? 0 : table.index(ofBytes: text))
        }
        let address = row.peerAddress.isEmpty ? nil : String(decoding: row.peerAddress, as: UTF8.self)
        append(address.flatMap { networks.network(of: $0) }, to: .peerNetwork)
        if row.id.isEmpty {
            idKind.append(IDKind.none.rawValue)
        } else {
            append(id: row.id, trace: row.traceID, span: row.spanID)
        }
    }

    /// What of a call is no text.
    private struct Fixed {
        var time: Instant
        var receivedAt: Instant?
        var direction: Direction
        var source: CallSource
        var outcome: Outcome
        var error: FailureKind?
        var status: Int?
        var duration: Duration?
        var weight: UInt32
        var traceID: TraceID?
        var spanID: SpanID?

        init(_ call: APICall) {
            (time, receivedAt, duration) = (call.time, call.receivedAt, call.duration)
            (direction, source, weight) = (call.direction, call.source, call.weight)
            (outcome, error, status) = (call.outcome, call.error, call.response?.status)
            (traceID, spanID) = (call.traceID, call.spanID)
        }

        init(_ row: CallRow) {
            (time, receivedAt, duration) = (row.time, row.receivedAt, row.duration)
            (direction, source, weight) = (row.direction, row.source, row.weight)
            (outcome, error, status) = (row.outcome, row.error, row.status)
            (traceID, spanID) = (row.traceID, row.spanID)
        }

        var bits: UInt8 {
            direction.rawValue | source.rawValue << 1 | (traceID == nil ? 0 : MetadataBits.trace)
                | (spanID == nil ? 0 : MetadataBits.span) | (status == nil ? 0 : MetadataBits.response)
        }
    }

    private mutating func append(_ fixed: Fixed) {
        let microseconds = fixed.time.microsecondsSinceEpoch
        time.appendSigned(microseconds &- lastTime)
        lastTime = microseconds
        bits.append(fixed.bits)
        outcome.append(fixed.outcome.code)
        error.append(fixed.error.map { $0.rawValue + 1 } ?? 0)
        anyError = anyError || fixed.error != nil
        if let answered = fixed.status { status.appendVarint(UInt64(clamping: answered)) }
        duration.appendVarint(fixed.duration.map { UInt64(clamping: $0.nanoseconds / 1_000) &+ 1 } ?? 0)
        weight.appendVarint(UInt64(max(1, fixed.weight)))
        anyWeight = anyWeight || fixed.weight > 1
        if let trace = fixed.traceID {
            traceID.appendFixed(trace.high)
            traceID.appendFixed(trace.low)
        }
        if let span = fixed.spanID { spanID.appendFixed(span.bits) }
        if let received = fixed.receivedAt {
            let offset = received.microsecondsSinceEpoch &- microseconds
            receivedAt.appendVarint(UInt64(bitPattern: (offset << 1) ^ (offset >> 63)) &+ 1)
            anyReceivedAt = true
        } else {
            receivedAt.append(0)
        }
        byteCount += 40
    }

    private mutating func append(_ name: String?, to column: MetadataColumns.Name) {
        names[column.rawValue].appendVarint(table.index(of: name))
    }

    private mutating func append(id text: UnsafeBufferPointer<UInt8>, trace: TraceID?, span: SpanID?) {
        anyID = true
        if let trace, let span, text.count == 49, text.elementsEqual((trace.hex + "-" + span.hex).utf8) {
            idKind.append(IDKind.traceAndSpan.rawValue)
        } else if let (high, low) = uuid(text) {
            idKind.append(IDKind.uuid.rawValue)
            id.appendFixed(high)
            id.appendFixed(low)
        } else {
            idKind.append(IDKind.text.rawValue)
            idLength.appendVarint(UInt64(text.count))
            id.append(contentsOf: text)
        }
    }

    /// The columns of another writer behind these; the other is empty afterwards.
    mutating func take(_ other: inout MetadataWriter) {
        guard !bits.isEmpty else { return swap(&self, &other) }
        guard !other.bits.isEmpty else { return }
        // Times are differences, the first from zero: only that one changes.
        let (first, byteCount) = other.time.leadingSigned
        time.appendSigned(first &- lastTime)
        time += other.time[byteCount...]
        lastTime = other.lastTime
        bits += other.bits
        outcome += other.outcome
        error += other.error
        status += other.status
        duration += other.duration
        let renumbered = table.take(other.table)
        for column in names.indices { names[column].appendIndices(other.names[column], renumbered) }
        weight += other.weight
        traceID += other.traceID
        spanID += other.spanID
        idKind += other.idKind
        idLength += other.idLength
        id += other.id
        receivedAt += other.receivedAt
        anyWeight = anyWeight || other.anyWeight
        anyID = anyID || other.anyID
        anyError = anyError || other.anyError
        anyReceivedAt = anyReceivedAt || other.anyReceivedAt
        self.byteCount += other.byteCount
        other.removeAll()
    }

    /// The encoded message.
    func encoded() -> [UInt8] {
        var wire = WireWriter()
        table.write(field: 1, to: &wire)
        wire.delimited(field: 2, time)
        wire.delimited(field: 3, bits)
        wire.delimited(field: 4, outcome)
        if anyError { wire.delimited(field: 5, error) }
        wire.delimited(field: 6, status)
        wire.delimited(field: 7, duration)
        for name in MetadataColumns.Name.allCases where names[name.rawValue].contains(where: { $0 != 0 }) {
            wire.delimited(field: name.field, names[name.rawValue])
        }
        if anyWeight { wire.delimited(field: 16, weight) }
        wire.delimited(field: 17, traceID)
        wire.delimited(field: 18, spanID)
        if anyID {
            wire.delimited(field: 19, idKind)
            wire.delimited(field: 20, idLength)
            wire.delimited(field: 21, id)
        }
        if anyReceivedAt { wire.delimited(field: 22, receivedAt) }
        return wire.bytes
    }

    /// Keeps the storage.
    mutating func removeAll() {
        table.removeAll()
        lastTime = 0
        for column in names.indices { names[column].removeAll(keepingCapacity: true) }
        time.removeAll(keepingCapacity: true)
        bits.removeAll(keepingCapacity: true)
        outcome.removeAll(keepingCapacity: true)
        error.removeAll(keepingCapacity: true)
        status.removeAll(keepingCapacity: true)
        duration.removeAll(keepingCapacity: true)
        weight.removeAll(keepingCapacity: true)
        traceID.removeAll(keepingCapacity: true)
        spanID.removeAll(keepingCapacity: true)
        idKind.removeAll(keepingCapacity: true)
        idLength.removeAll(keepingCapacity: true)
        id.removeAll(keepingCapacity: true)
        receivedAt.removeAll(keepingCapacity: true)
        (anyWeight, anyID, anyError, anyReceivedAt) = (false, false, false, false)
        byteCount = 0
    }
}

/// The flags of `Metadata.bits`; the direction lies in bit 0, the source in bits 1 to 3.
enum MetadataBits {
    static let trace: UInt8 = 1 << 4
    static let span: UInt8 = 1 << 5
    static let response: UInt8 = 1 << 6
}

/// How a supplied id is written: most are random, and 16 bytes cost half of 36 characters.
enum IDKind: UInt8 {
    case none = 0
    case text = 1
    case uuid = 2
    case traceAndSpan = 3
}

/// The bits of a UUID in its canonical lower-case form, the only one that reads back as the same text.
private func uuid(_ bytes: UnsafeBufferPointer<UInt8>) -> (high: UInt64, low: UInt64)? {
    guard bytes.count == 36 else { return nil }
    var value: (high: UInt64, low: UInt64) = (0, 0)
    var position = 0
    for byte in bytes {
        switch position {
        case 8, 13, 18, 23: guard byte == UInt8(ascii: "-") else { return nil }
        default:
            let digit: UInt8
            switch byte {
            case 48...57: digit = byte - 48
            case 97...102: digit = byte - 87
            default: return nil
            }
            value.high = value.high << 4 | value.low >> 60
            value.low = value.low << 4 | UInt64(digit)
        }
        position += 1
    }
    return value
}
