import CallModel

/// What a payload block tells of one call: all that is not in the narrow row.
public struct CallPayload: Sendable, Equatable {
    public var request: APICall.Request
    public var responseHeaders: [Header]
    public var responseBody: Body?
    public var responseBodyByteCount: Int?
    public var peerAddress: String?
    public var parentSpanID: SpanID?
    public var webhook: APICall.Webhook?
}

/// Reads the `Payload` message of one block.
struct PayloadReader {
    private let callCount: Int
    private var strings: [String] = []
    private var fields = [UnsafeRawBufferPointer?](repeating: nil, count: 17)
    private var requestColumns: [Int: HeaderValues] = [:]
    private var responseColumns: [Int: HeaderValues] = [:]

    init(_ bytes: UnsafeRawBufferPointer, callCount: Int, limits: BatchLimits) throws(BatchError) {
        self.callCount = callCount
        var reader = WireReader(bytes)
        while !reader.isAtEnd {
            guard case (let number, .bytes(let value)) = try reader.nextField() else { continue }
            switch number {
            case 1:
                guard strings.count < limits.stringCountMax else { throw .tooLarge("strings") }
                strings.append(try storableText(value))
            case 9: try HeaderValues.read(value, into: &requestColumns)
            case 10: try HeaderValues.read(value, into: &responseColumns)
            case 2...16: fields[Int(number)] = value
            default: continue
            }
        }
    }

    /// All calls of the block, in order.
    mutating func payloads() throws(BatchError) -> [CallPayload] {
        var result: [CallPayload] = []
        result.reserveCapacity(callCount)
        try forEach({ _ in true }, until: callCount) { _, payload in result.append(payload) }
        return result
    }

    /// Some calls of the block, by their places in it.
    mutating func payloads(of rows: Set<Int>) throws(BatchError) -> [Int: CallPayload] {
        var result: [Int: CallPayload] = [:]
        let end = min(callCount, (rows.max() ?? -1) + 1)
        try forEach({ rows.contains($0) }, until: end) { row, payload in result[row] = payload }
        return result
    }

    private mutating func forEach(
        _ isWanted: (Int) -> Bool, until end: Int, _ body: (Int, CallPayload) -> Void
    ) throws(BatchError) {
        var method = column(2), origin = column(3), pathLength = column(4), path = column(5), version = column(6)
        var requestHeaders = column(7), responseHeaders = column(8), peer = column(13)
        var parent = column(14), parentPresent = column(15)
        var requestBodies = try BodyReader(column(11), callCount: callCount)
        var responseBodies = try BodyReader(column(12), callCount: callCount)
        var webhooks = try WebhookReader(column(16), callCount: callCount)
        var lists = HeaderLists()
        for row in 0..<end {
            guard isWanted(row) else {
                _ = try (method.varint(), origin.varint(), path.take(try pathLength.varint()), version.varint())
                try lists.skip(try index(&requestHeaders), strings, &requestColumns)
                try requestBodies.skip()
                try lists.skip(try index(&responseHeaders), strings, &responseColumns)
                try responseBodies.skip()
                _ = try peer.varint()
                let hasParent = parentPresent.isAtEnd ? 0 : try parentPresent.take(1)[0]
                if hasParent == 1 { _ = try parent.take(8) }
                try webhooks.skip()
                continue
            }
            let methodName = try string(&method) ?? ""
            let url = (try string(&origin) ?? "") + (try storableText(try path.take(try pathLength.varint())))
            var request = APICall.Request(method: methodName, url: url)
            request.httpVersion = try string(&version)
            request.headers = try lists.headers(try index(&requestHeaders), strings, &requestColumns)
            (request.body, request.bodyByteCount) = try requestBodies.next()
            let answerHeaders = try lists.headers(try index(&responseHeaders), strings, &responseColumns)
            let (answerBody, answerSize) = try responseBodies.next()
            let hasParent = parentPresent.isAtEnd ? 0 : try parentPresent.take(1)[0]
            body(
                row,
                CallPayload(
                    request: request, responseHeaders: answerHeaders, responseBody: answerBody,
                    responseBodyByteCount: answerSize, peerAddress: try string(&peer),
                    parentSpanID: hasParent == 1 ? SpanID(bits: try parent.fixed()) : nil,
                    webhook: try webhooks.next(strings)))
        }
    }

    private func column(_ field: Int) -> WireReader {
        WireReader(fields[field] ?? UnsafeRawBufferPointer(start: nil, count: 0))
    }

    private func index(_ column: inout WireReader) throws(BatchError) -> Int {
        try column.index(below: strings.count)
    }

    private func string(_ column: inout WireReader) throws(BatchError) -> String? {
        let index = try index(&column)
        return index == 0 ? nil : strings[index - 1]
    }
}

extension WireReader {
    /// An index into a table of `count` strings, 0 for none.
    mutating func index(below count: Int) throws(BatchError) -> Int {
        let value = try varint()
        guard value <= UInt64(count) else { throw .malformed("string \(value) of \(count)") }
        return Int(value)
    }
}

/// The values of one header name, in the order of the calls.
private struct HeaderValues {
    private var lengths: WireReader
    private var contents: WireReader

    static func read(_ bytes: UnsafeRawBufferPointer, into columns: inout [Int: HeaderValues]) throws(BatchError) {
        var reader = WireReader(bytes)
        let empty = UnsafeRawBufferPointer(start: nil, count: 0)
        var name = 0
        var (lengths, contents) = (empty, empty)
        while !reader.isAtEnd {
            switch try reader.nextField() {
            case (1, .number(let value)): name = Int(clamping: value)
            case (2, .bytes(let value)): lengths = value
            case (3, .bytes(let value)): contents = value
            default: continue
            }
        }
        columns[name] = HeaderValues(lengths: WireReader(lengths), contents: WireReader(contents))
    }

    mutating func next() throws(BatchError) -> String {
        try storableText(try contents.take(try lengths.varint()))
    }

    mutating func skip() throws(BatchError) { _ = try contents.take(try lengths.varint()) }
}

/// Lists of header names by their index, each split and looked up once.
private struct HeaderLists {
    private var entries: [Int: [(name: String, column: Int)]] = [:]
    private var columnOfName: [String: Int]?

    mutating func headers(
        _ list: Int, _ strings: [String], _ columns: inout [Int: HeaderValues]
    ) throws(BatchError) -> [Header] {
        guard list != 0 else { return [] }
        var headers: [Header] = []
        for (name, column) in split(list, strings) {
            guard columns[column] != nil else { throw .malformed("a header without values") }
            headers.append(Header(name, try columns[column]!.next()))
        }
        return headers
    }

    mutating func skip(
        _ list: Int, _ strings: [String], _ columns: inout [Int: HeaderValues]
    ) throws(BatchError) {
        guard list != 0 else { return }
        for (_, column) in split(list, strings) {
            guard columns[column] != nil else { throw .malformed("a header without values") }
            try columns[column]!.skip()
        }
    }

    private mutating func split(_ list: Int, _ strings: [String]) -> [(name: String, column: Int)] {
        if let known = entries[list] { return known }
        let known = columnOfName ?? Dictionary(zip(strings, 1...), uniquingKeysWith: { first, _ in first })
        columnOfName = known
        let split = strings[list - 1].split(separator: "\n", omittingEmptySubsequences: false).map { name in
            (String(name), known[String(name)] ?? 0)
        }
        entries[list] = split
        return split
    }
}

private struct BodyReader {
    private let forms: [UInt8]
    private var call = 0
    private var lengths: WireReader
    private var contents: WireReader
    private var sizes: WireReader

    init(_ fields: WireReader, callCount: Int) throws(BatchError) {
        var columns = [UnsafeRawBufferPointer](repeating: UnsafeRawBufferPointer(start: nil, count: 0), count: 5)
        var fields = fields
        while !fields.isAtEnd {
            guard case (let number, .bytes(let value)) = try fields.nextField(), number < 5 else { continue }
            columns[Int(number)] = value
        }
        guard columns[1].isEmpty || columns[1].count == callCount else { throw .malformed("body forms") }
        forms = Array(columns[1])
        (lengths, contents, sizes) = (WireReader(columns[2]), WireReader(columns[3]), WireReader(columns[4]))
    }

    mutating func next() throws(BatchError) -> (Body?, Int?) {
        defer { call += 1 }
        var body: Body?
        if !forms.isEmpty, forms[call] != 0 {
            guard let form = Body.Form(rawValue: forms[call] - 1) else { throw .malformed("an unknown form of body") }
            body = Body(Array(try contents.take(try lengths.varint())), form: form)
        }
        let size = sizes.isAtEnd ? 0 : try sizes.varint()
        return (body, size == 0 ? nil : Int(clamping: size - 1))
    }

    mutating func skip() throws(BatchError) {
        defer { call += 1 }
        if !forms.isEmpty, forms[call] != 0 { _ = try contents.take(try lengths.varint()) }
        if !sizes.isAtEnd { _ = try sizes.varint() }
    }
}

private struct WebhookReader {
    private let present: [UInt8]
    private var call = 0
    private var columns = [WireReader](repeating: WireReader(UnsafeRawBufferPointer(start: nil, count: 0)), count: 8)

    init(_ fields: WireReader, callCount: Int) throws(BatchError) {
        var fields = fields
        var present: [UInt8] = []
        while !fields.isAtEnd {
            guard case (let number, .bytes(let value)) = try fields.nextField(), number < 8 else { continue }
            if number == 1 { present = Array(value) } else { columns[Int(number)] = WireReader(value) }
        }
        guard present.isEmpty || present.count == callCount else { throw .malformed("webhooks") }
        self.present = present
    }

    mutating func next(_ strings: [String]) throws(BatchError) -> APICall.Webhook? {
        defer { call += 1 }
        guard !present.isEmpty, present[call] == 1 else { return nil }
        var webhook = APICall.Webhook()
        webhook.eventType = try string(2, strings)
        let length = try columns[3].varint()
        if length > 0 { webhook.deliveryID = try storableText(try columns[4].take(length - 1)) }
        let attempt = try columns[5].varint()
        webhook.attempt = attempt == 0 ? nil : Int(clamping: attempt)
        webhook.subscription = try string(6, strings)
        webhook.recipient = try string(7, strings)
        return webhook
    }

    mutating func skip() throws(BatchError) {
        defer { call += 1 }
        guard !present.isEmpty, present[call] == 1 else { return }
        _ = try columns[2].varint()
        let length = try columns[3].varint()
        if length > 0 { _ = try columns[4].take(length - 1) }
        for column in 5...7 { _ = try columns[column].varint() }
    }

    private mutating func string(_ column: Int, _ strings: [String]) throws(BatchError) -> String? {
        let index = try columns[column].index(below: strings.count)
        return index == 0 ? nil : strings[index - 1]
    }
}
