import CallModel
import Documents

// The JSON encoding of OTLP ("OTLP/HTTP, JSON Protobuf Encoding"): protobuf's JSON mapping in lowerCamelCase, but ids
// in hex and enums as integers. 64-bit integers come as text or as numbers. Unknown members are passed over. Names of
// enum values are read too, though the specification forbids them: generic protobuf printers write them.

/// Walks an ExportTraceServiceRequest in JSON and hands each span to `consumer`.
struct JSONTraces {
    let table: AttributeTable
    private var record = SpanRecord()

    init(table: AttributeTable) {
        self.table = table
    }

    mutating func read(_ document: JSONValue, into consumer: inout some SpanConsumer) throws(ReceiverError) {
        guard document.kind == .object else { throw .malformed("the document is no object") }
        try forEach(document, "resourceSpans") { group throws(ReceiverError) in
            record.removeAll()
            if let resource = group.member("resource") {
                try forEach(resource, "attributes") { readAttribute($0) }
            }
            consumer.resourceArrived(record.attributes)
            try forEach(group, "scopeSpans") { scope throws(ReceiverError) in
                try forEach(scope, "spans") { span throws(ReceiverError) in
                    try readSpan(span)
                    consumer.spanArrived(record)
                }
            }
        }
    }

    private mutating func readSpan(_ span: JSONValue) throws(ReceiverError) {
        record.removeAll()
        record.kind = span.member("kind").flatMap(kind)
        guard record.kind != nil else { return }
        record.traceID = span.member("traceId")?.string.flatMap { TraceID(hex: $0) }
        record.spanID = span.member("spanId")?.string.flatMap { SpanID(hex: $0) }
        record.parentSpanID = span.member("parentSpanId")?.string.flatMap { SpanID(hex: $0) }
        record.traceState = span.member("traceState")?.utf8
        record.startNs = span.member("startTimeUnixNano").flatMap(unsigned) ?? 0
        record.endNs = span.member("endTimeUnixNano").flatMap(unsigned) ?? 0
        if let status = span.member("status") {
            record.statusMessage = status.member("message")?.utf8
            record.statusIsError = status.member("code").map(isErrorCode) ?? false
        }
        var attributeCount = 0
        try forEach(span, "attributes") { attribute in
            attributeCount += 1
            if attributeCount <= SpanRecord.attributeCountMax { readAttribute(attribute) }
        }
        try forEach(span, "events") { event throws(ReceiverError) in
            if event.member("name")?.utf8?.equals("exception") == true { try readException(event) }
        }
    }

    private mutating func readException(_ event: JSONValue) throws(ReceiverError) {
        record.exceptionType = nil
        record.exceptionMessage = nil
        try forEach(event, "attributes") { attribute in
            guard let key = attribute.member("key")?.utf8,
                let text = attribute.member("value")?.member("stringValue")?.utf8
            else { return }
            if key.equals("exception.type") { record.exceptionType = text }
            if key.equals("exception.message") { record.exceptionMessage = text }
        }
    }

    private mutating func readAttribute(_ attribute: JSONValue) {
        guard let key = attribute.member("key")?.utf8, let value = attribute.member("value") else { return }
        switch table.meaning(of: UnsafeRawBufferPointer(key)) {
        case .none: return
        case .value(let attribute): record.attributes[attribute] = scalar(value)
        case .requestHeader(let name): readHeader(name, value, ofRequest: true)
        case .responseHeader(let name): readHeader(name, value, ofRequest: false)
        }
    }

    private func scalar(_ value: JSONValue) -> AttributeValue? {
        if let text = value.member("stringValue")?.utf8 { return .text(text) }
        if let integer = value.member("intValue").flatMap(signed) { return .integer(integer) }
        if let number = value.member("doubleValue")?.double { return .number(number) }
        return value.member("boolValue")?.bool.map { .boolean($0) }
    }

    private mutating func readHeader(_ name: BorrowedText, _ value: JSONValue, ofRequest: Bool) {
        if let text = value.member("stringValue")?.utf8 { record.addHeader(name, text, ofRequest: ofRequest) }
        guard let values = value.member("arrayValue")?.member("values"), values.kind == .array else { return }
        values.forEachElement { element in
            if let text = element.member("stringValue")?.utf8 { record.addHeader(name, text, ofRequest: ofRequest) }
        }
    }

    private func kind(_ value: JSONValue) -> SpanRecord.Kind? {
        if let number = signed(value) { return SpanRecord.Kind(rawValue: number) }
        guard let name = value.utf8 else { return nil }
        return name.equals("SPAN_KIND_CLIENT") ? .client : name.equals("SPAN_KIND_SERVER") ? .server : nil
    }

    private func isErrorCode(_ value: JSONValue) -> Bool {
        signed(value) == 2 || value.utf8?.equals("STATUS_CODE_ERROR") == true
    }

    private func signed(_ value: JSONValue) -> Int64? {
        if let number = value.int64 { return number }
        guard let text = value.utf8, (1...20).contains(text.count) else { return nil }
        return Int64(String(decoding: text, as: UTF8.self))
    }

    private func unsigned(_ value: JSONValue) -> UInt64? {
        if let number = value.uint64 { return number }
        guard let text = value.utf8, (1...20).contains(text.count) else { return nil }
        return UInt64(String(decoding: text, as: UTF8.self))
    }
}

/// The elements of a member that is a list of objects. Absent and null mean none (protobuf's JSON mapping); anything
/// else that is no list of objects makes the document no export.
private func forEach(
    _ value: JSONValue, _ key: StaticString, _ body: (JSONValue) throws(ReceiverError) -> Void
) throws(ReceiverError) {
    guard let list = value.member(key), !list.isNull else { return }
    guard list.kind == .array else { throw .malformed("\(key) is no array") }
    try list.forEachElement { (element) throws(ReceiverError) in
        guard element.kind == .object else { throw .malformed("an element of \(key) is no object") }
        try body(element)
    }
}
