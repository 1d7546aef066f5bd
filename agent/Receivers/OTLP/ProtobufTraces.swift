import CallModel

// The messages of opentelemetry-proto v1 (trace_service.proto, trace.proto, resource.proto, common.proto), by field
// number. What is not read here (scope, links, schema URLs, dropped counts, names of spans) is passed over, as are
// unknown fields and known ones of another wire type, as proto3 asks for.

/// Walks an ExportTraceServiceRequest and hands each span to `consumer`.
struct ProtobufTraces {
    let table: AttributeTable
    /// The attributes of the span being read: seen before `kind` says whether they matter, so kept until then.
    private var attributes: [UnsafeRawBufferPointer] = []
    private var events: [UnsafeRawBufferPointer] = []
    private var record = SpanRecord()

    init(table: AttributeTable) {
        self.table = table
    }

    mutating func read(
        _ bytes: UnsafeRawBufferPointer, into consumer: inout some SpanConsumer
    ) throws(ReceiverError) {
        var reader = WireReader(bytes)
        while let field = try reader.next() {
            if case (1, .bytes(let resourceSpans)) = (field.number, field.value) {
                try readResourceSpans(resourceSpans, into: &consumer)
            }
        }
    }

    /// ResourceSpans: resource = 1, scope_spans = 2. The resource may follow its spans, so it is looked for first.
    private mutating func readResourceSpans(
        _ bytes: UnsafeRawBufferPointer, into consumer: inout some SpanConsumer
    ) throws(ReceiverError) {
        record.removeAll()
        var reader = WireReader(bytes)
        while let field = try reader.next() {
            guard case (1, .bytes(let resource)) = (field.number, field.value) else { continue }
            var fields = WireReader(resource)
            while let field = try fields.next() {
                if case (1, .bytes(let attribute)) = (field.number, field.value) { try readAttribute(attribute) }
            }
        }
        consumer.resourceArrived(record.attributes)
        reader = WireReader(bytes)
        while let field = try reader.next() {
            guard case (2, .bytes(let scopeSpans)) = (field.number, field.value) else { continue }
            var fields = WireReader(scopeSpans)
            while let field = try fields.next() {
                guard case (2, .bytes(let span)) = (field.number, field.value) else { continue }
                try readSpan(span)
                consumer.spanArrived(record)
            }
        }
    }

    private mutating func readSpan(_ bytes: UnsafeRawBufferPointer) throws(ReceiverError) {
        record.removeAll()
        attributes.removeAll(keepingCapacity: true)
        events.removeAll(keepingCapacity: true)
        var reader = WireReader(bytes)
        while let field = try reader.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let id)): record.traceID = traceID(id)
            case (2, .bytes(let id)): record.spanID = spanID(id)
            case (3, .bytes(let text)): record.traceState = borrowed(text)
            case (4, .bytes(let id)): record.parentSpanID = spanID(id)
            case (6, .varint(let kind)): record.kind = SpanRecord.Kind(rawValue: Int64(bitPattern: kind))
            case (7, .fixed64(let time)): record.startNs = time
            case (8, .fixed64(let time)): record.endNs = time
            case (9, .bytes(let attribute)):
                if attributes.count < SpanRecord.attributeCountMax { attributes.append(attribute) }
            case (11, .bytes(let event)):
                if events.count < SpanRecord.attributeCountMax { events.append(event) }
            case (15, .bytes(let status)): try readStatus(status)
            default: continue
            }
        }
        guard record.kind != nil else { return }
        for attribute in attributes { try readAttribute(attribute) }
        for event in events { try readEvent(event) }
    }

    /// Status: message = 2, code = 3 (2 is error).
    private mutating func readStatus(_ bytes: UnsafeRawBufferPointer) throws(ReceiverError) {
        var reader = WireReader(bytes)
        while let field = try reader.next() {
            switch (field.number, field.value) {
            case (2, .bytes(let text)): record.statusMessage = borrowed(text)
            case (3, .varint(let code)): record.statusIsError = code == 2
            default: continue
            }
        }
    }

    /// KeyValue: key = 1, value = 2.
    private mutating func readAttribute(_ bytes: UnsafeRawBufferPointer) throws(ReceiverError) {
        guard let (key, value) = try readKeyValue(bytes) else { return }
        switch table.meaning(of: key) {
        case .none: return
        case .value(let attribute): record.attributes[attribute] = try readScalar(value)
        case .requestHeader(let name): try readHeader(name, value, ofRequest: true)
        case .responseHeader(let name): try readHeader(name, value, ofRequest: false)
        }
    }

    private func readKeyValue(
        _ bytes: UnsafeRawBufferPointer
    ) throws(ReceiverError) -> (key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)? {
        var key: UnsafeRawBufferPointer?
        var value: UnsafeRawBufferPointer?
        var reader = WireReader(bytes)
        while let field = try reader.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let text)): key = text
            case (2, .bytes(let message)): value = message
            default: continue
            }
        }
        guard let key, let value else { return nil }
        return (key, value)
    }

    /// AnyValue: string = 1, bool = 2, int = 3, double = 4. Arrays, maps and bytes are none we read but as headers.
    private func readScalar(_ bytes: UnsafeRawBufferPointer) throws(ReceiverError) -> AttributeValue? {
        var value: AttributeValue?
        var reader = WireReader(bytes)
        while let field = try reader.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let text)): value = .text(borrowed(text))
            case (2, .varint(let bool)): value = .boolean(bool != 0)
            case (3, .varint(let number)): value = .integer(Int64(bitPattern: number))
            case (4, .fixed64(let bits)): value = .number(Double(bitPattern: bits))
            default: continue
            }
        }
        return value
    }

    /// A captured header: an array of strings (AnyValue: array = 5; ArrayValue: values = 1), or one string.
    private mutating func readHeader(
        _ name: BorrowedText, _ bytes: UnsafeRawBufferPointer, ofRequest: Bool
    ) throws(ReceiverError) {
        var reader = WireReader(bytes)
        while let field = try reader.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let text)): record.addHeader(name, borrowed(text), ofRequest: ofRequest)
            case (5, .bytes(let array)):
                var elements = WireReader(array)
                while let element = try elements.next() {
                    guard case (1, .bytes(let value)) = (element.number, element.value),
                        case .text(let text)? = try readScalar(value)
                    else { continue }
                    record.addHeader(name, text, ofRequest: ofRequest)
                }
            default: continue
            }
        }
    }

    /// Event: name = 2, attributes = 3. Only exceptions are read.
    private mutating func readEvent(_ bytes: UnsafeRawBufferPointer) throws(ReceiverError) {
        var reader = WireReader(bytes)
        var isException = false
        var type: BorrowedText?
        var message: BorrowedText?
        while let field = try reader.next() {
            switch (field.number, field.value) {
            case (2, .bytes(let name)): isException = borrowed(name).equals("exception")
            case (3, .bytes(let attribute)):
                guard let (key, value) = try readKeyValue(attribute) else { continue }
                let isType = borrowed(key).equals("exception.type")
                guard isType || borrowed(key).equals("exception.message"),
                    case .text(let text)? = try readScalar(value)
                else { continue }
                if isType { type = text } else { message = text }
            default: continue
            }
        }
        if isException { (record.exceptionType, record.exceptionMessage) = (type, message) }
    }

    private func traceID(_ bytes: UnsafeRawBufferPointer) -> TraceID? {
        guard bytes.count == 16 else { return nil }
        return TraceID(
            high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
            low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }

    private func spanID(_ bytes: UnsafeRawBufferPointer) -> SpanID? {
        guard bytes.count == 8 else { return nil }
        return SpanID(bits: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)))
    }

    @inline(__always)
    private func borrowed(_ bytes: UnsafeRawBufferPointer) -> BorrowedText {
        bytes.assumingMemoryBound(to: UInt8.self)
    }
}

/// What the readers of both encodings feed.
protocol SpanConsumer {
    /// The attributes of the resource of all spans that follow, until the next.
    mutating func resourceArrived(_ attributes: AttributeValues)
    /// `record` and what it borrows are valid only during the call.
    mutating func spanArrived(_ record: borrowing SpanRecord)
}

extension UnsafeBufferPointer<UInt8> {
    func equals(_ text: StaticString) -> Bool {
        count == text.utf8CodeUnitCount && text.withUTF8Buffer { elementsEqual($0) }
    }
}
