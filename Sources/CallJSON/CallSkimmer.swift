import CallModel
import Documents

/// Reads a call in the native form as a row: texts stay where the parser put them, bodies stay values of the document.
///
/// It knows the form as most senders write it, and leaves the rest to `CallJSONReader`: whatever is malformed, too long, in
/// another type than usual, in parts that have to be put together (a path beside a host), inbound, or a webhook. So what it takes
/// it reads exactly as the reader would, and what is wrong with a call only the reader needs to say.
///
/// A call of a structure that came before is read without parsing it (`skimKnown`).
public struct CallSkimmer {
    /// Valid, as are the bodies, until the document's parser is used again, or another call is skimmed.
    public var row = CallRow()
    public internal(set) var requestBody: BodyValue?
    public internal(set) var responseBody: BodyValue?
    let known = KnownCalls()
    private var times = TimeReader()
    // Held here: each look at a static table asks whether it was made, with every key.
    private let callFields = CallField.table
    private let messageFields = MessageField.table
    private let hexDigits = Self.hexDigitTable

    /// Why a call is left to the reader: it does not matter.
    struct Unusual: Error {}

    public init() {}

    /// False where the call is left to the reader; then `row` holds nothing of use.
    public mutating func skim(_ value: JSONValue) -> Bool {
        removeAll()
        var hasTime = false
        var hasRequest = false
        do throws(Unusual) {
            guard value.kind == .object else { return false }
            try value.forEachMember { (key, value) throws(Unusual) in
                guard let field = callFields[key] else { throw Unusual() }
                guard !value.isNull else { return }
                if field == .time { hasTime = true }
                // Of two requests the first may be one that is refused.
                guard field != .request || !hasRequest else { throw Unusual() }
                switch field {
                case .request:
                    hasRequest = true
                    try readRequest(value)
                case .response: try readResponse(value)
                default: try assign(field, value)
                }
            }
        } catch {
            return false
        }
        return hasTime && !row.url.isEmpty && !row.method.isEmpty
    }

    mutating func removeAll() {
        row.removeAll()
        requestBody = nil
        responseBody = nil
    }

    /// - Parameter value: not null.
    mutating func assign(_ field: CallField, _ value: some CallScalar) throws(Unusual) {
        switch field {
        case .id: row.id = try text(value, byteCountMax: Limits.idByteCountMax)
        case .time: row.time = try time(value)
        case .receivedAt: row.receivedAt = try time(value)
        case .direction: guard try text(value).hasSameBytes(as: "outbound") else { throw Unusual() }
        case .partner: row[.partner] = try text(value)
        case .route: row[.route] = try text(value)
        case .service: row[.service] = try text(value)
        case .serviceVersion: row[.serviceVersion] = try text(value)
        case .host: row[.host] = try text(value)
        case .region: row[.region] = try text(value)
        case .environment: row[.environment] = try text(value)
        case .customer: row[.customer] = try text(value)
        case .error: row.error = try failure(value)
        case .durationMs: row.duration = try duration(value)
        case .peerAddress: row.peerAddress = try text(value)
        case .traceID:
            let digits = try text(value)
            guard !digits.isEmpty else { return row.traceID = nil }
            row.traceID = TraceID(high: try hex(digits, 0, of: 32), low: try hex(digits, 16, of: 32))
        case .spanID: row.spanID = try spanID(value)
        case .parentSpanID: row.parentSpanID = try spanID(value)
        case .weight: row.weight = UInt32(try whole(value, in: 1...Int64(UInt32.max)))
        case .request, .response, .outcome, .source, .webhook: throw Unusual()
        }
    }

    // MARK: Messages

    private mutating func readRequest(_ value: JSONValue) throws(Unusual) {
        guard value.kind == .object else { throw Unusual() }
        try value.forEachMember { (key, value) throws(Unusual) in
            guard let field = messageFields[key] else { throw Unusual() }
            guard !value.isNull else { return }
            switch field {
            case .headers: try readHeaders(value, into: &row.request.headers)
            case .body: requestBody = .parsed(try body(value))
            default: try assignRequest(field, value)
            }
        }
    }

    /// - Parameter value: not null.
    mutating func assignRequest(_ field: MessageField, _ value: some CallScalar) throws(Unusual) {
        switch field {
        case .method: row.method = try method(value)
        case .url: row.url = try url(value)
        case .bodyBytes: row.request.bodyByteCount = Int(try whole(value, in: 0...Int64.max))
        case .httpVersion: row.httpVersion = try httpVersion(value)
        case .headers, .body, .bodyForm, .scheme, .host, .path, .status: throw Unusual()
        }
    }

    private mutating func readResponse(_ value: JSONValue) throws(Unusual) {
        guard value.kind == .object, row.status == nil else { throw Unusual() }
        try value.forEachMember { (key, value) throws(Unusual) in
            guard let field = messageFields[key] else { throw Unusual() }
            guard !value.isNull else { return }
            switch field {
            case .headers: try readHeaders(value, into: &row.response.headers)
            case .body: responseBody = .parsed(try body(value))
            default: try assignResponse(field, value)
            }
        }
        guard row.status != nil else { throw Unusual() }
    }

    /// - Parameter value: not null.
    mutating func assignResponse(_ field: MessageField, _ value: some CallScalar) throws(Unusual) {
        switch field {
        case .status: row.status = Int(try whole(value, in: 100...999))
        case .bodyBytes: row.response.bodyByteCount = Int(try whole(value, in: 0...Int64.max))
        case .headers, .body, .bodyForm, .method, .url, .scheme, .host, .path, .httpVersion: throw Unusual()
        }
    }

    private func readHeaders(_ value: JSONValue, into headers: inout [CallRow.Field]) throws(Unusual) {
        guard value.kind == .object else { throw Unusual() }
        headers.removeAll(keepingCapacity: true)
        try value.forEachMember { (key, value) throws(Unusual) in
            guard key.count <= Limits.nameByteCountMax, HTTPText.isLowerFieldName(key), let text = value.utf8,
                text.count <= Limits.headerValueByteCountMax, headers.count < Limits.headerCountMax
            else { throw Unusual() }
            headers.append(CallRow.Field(key, text))
        }
    }

    /// A container or a text that holds something; `{"base64":"…"}` is neither.
    private func body(_ value: JSONValue) throws(Unusual) -> JSONValue {
        switch value.kind {
        case .array: return value
        case .object:
            if let (key, _) = value.onlyMember, key.hasSameBytes(as: "base64") { throw Unusual() }
            return value
        case .string where value.utf8?.isEmpty == false: return value
        default: throw Unusual()
        }
    }

    // MARK: Scalars

    private func text(
        _ value: some CallScalar, byteCountMax: Int = Limits.nameByteCountMax
    ) throws(Unusual) -> CallRow.Text {
        guard let text = value.utf8, text.count <= byteCountMax else { throw Unusual() }
        return text
    }

    private mutating func time(_ value: some CallScalar) throws(Unusual) -> Instant {
        guard let text = value.utf8, let instant = times.instant(text) else { throw Unusual() }
        return instant
    }

    private func method(_ value: some CallScalar) throws(Unusual) -> CallRow.Text {
        let method = try text(value, byteCountMax: 32)
        guard !method.isEmpty, method.allSatisfy({ $0 &- 65 < 26 }) else { throw Unusual() }
        return method
    }

    private func url(_ value: some CallScalar) throws(Unusual) -> CallRow.Text {
        let url = try text(value, byteCountMax: Limits.urlByteCountMax)
        guard url.first != UInt8(ascii: "/"), RequestAddress.isAbsolute(url), RequestAddress.isPrintable(url) else {
            throw Unusual()
        }
        return url
    }

    private func httpVersion(_ value: some CallScalar) throws(Unusual) -> CallRow.Text {
        let version = try text(value)
        guard ["1.1", "2", "1.0", "3"].contains(where: { version.hasSameBytes(as: $0) }) else { throw Unusual() }
        return version
    }

    private func failure(_ value: some CallScalar) throws(Unusual) -> FailureKind {
        let word = String(decoding: try text(value, byteCountMax: 32), as: UTF8.self)
        guard let kind = FailureKind.allCases.first(where: { $0.name == word }) else { throw Unusual() }
        return kind
    }

    private func whole(_ value: some CallScalar, in range: ClosedRange<Int64>) throws(Unusual) -> Int64 {
        guard let number = value.int64, range.contains(number) else { throw Unusual() }
        return number
    }

    /// As `CallJSONReader.duration`.
    private func duration(_ value: some CallScalar) throws(Unusual) -> Duration {
        guard let milliseconds = value.double else { throw Unusual() }
        let nanoseconds = (milliseconds * 1e6).rounded()
        guard nanoseconds >= 0, nanoseconds < 9.2e18 else { throw Unusual() }
        return .nanoseconds(Int64(nanoseconds))
    }

    private func spanID(_ value: some CallScalar) throws(Unusual) -> SpanID? {
        let digits = try text(value)
        return digits.isEmpty ? nil : SpanID(bits: try hex(digits, 0, of: 16))
    }

    /// Sixteen digits from `start` on, of a text of `digitCount`.
    private func hex(_ digits: CallRow.Text, _ start: Int, of digitCount: Int) throws(Unusual) -> UInt64 {
        guard digits.count == digitCount else { throw Unusual() }
        var value: UInt64 = 0
        var all: UInt8 = 0
        hexDigits.withUnsafeBufferPointer { table in
            for at in start..<start + 16 {
                let digit = table[Int(digits[at])]
                all |= digit
                value = value << 4 | UInt64(digit & 15)
            }
        }
        guard all < 16 else { throw Unusual() }
        return value
    }

    /// What a byte is worth as a hex digit, 255 for none. A table, because the digits of ids are random: a branch for each would be
    /// mispredicted every other time.
    private static let hexDigitTable: [UInt8] = (UInt8.min...UInt8.max).map { byte in
        switch byte {
        case 48...57: byte - 48
        case 97...102: byte - 87
        case 65...70: byte - 55
        default: 255
        }
    }
}
