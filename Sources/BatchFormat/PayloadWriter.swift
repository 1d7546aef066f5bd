import CallModel

/// Collects the columns of one `Payload`: what of a call is stored in blocks and opened only to show it.
struct PayloadWriter {
    private(set) var callCount = 0
    private(set) var byteCount = 0
    private var table = StringTable()
    private var method: [UInt8] = []
    private var origin: [UInt8] = []
    private var path = BytesColumn()
    private var httpVersion: [UInt8] = []
    private var request = MessageColumns()
    private var response = MessageColumns()
    private var peer: [UInt8] = []
    private var parentPresent: [UInt8] = []
    private var parent: [UInt8] = []
    private var webhook = WebhookColumns()

    mutating func append(_ call: APICall) {
        callCount += 1
        method.appendVarint(table.index(of: call.request.method))
        var url = call.request.url
        url.withUTF8 { append(url: $0) }
        httpVersion.appendVarint(table.index(of: call.request.httpVersion))
        byteCount += 24
        byteCount += request.append(
            headers: call.request.headers, body: call.request.body, size: call.request.bodyByteCount, table: &table)
        byteCount += response.append(
            headers: call.response?.headers ?? [], body: call.response?.body, size: call.response?.bodyByteCount,
            table: &table)
        peer.appendVarint(table.index(of: call.peerAddress))
        parentPresent.append(call.parentSpanID == nil ? 0 : 1)
        if let span = call.parentSpanID { parent.appendFixed(span.bits) }
        webhook.append(call.webhook, table: &table)
    }

    mutating func append(_ row: CallRow) {
        callCount += 1
        method.appendVarint(table.index(ofBytes: row.method))
        append(url: row.url)
        httpVersion.appendVarint(row.httpVersion.isEmpty ? 0 : table.index(ofBytes: row.httpVersion))
        byteCount += 24
        byteCount += request.append(row.request, table: &table)
        byteCount += response.append(row.response, table: &table)
        peer.appendVarint(row.peerAddress.isEmpty ? 0 : table.index(ofBytes: row.peerAddress))
        parentPresent.append(row.parentSpanID == nil ? 0 : 1)
        if let span = row.parentSpanID { parent.appendFixed(span.bits) }
        webhook.append(nil, table: &table)
    }

    /// The columns of another writer behind these.
    mutating func take(_ other: PayloadWriter) {
        callCount += other.callCount
        byteCount += other.byteCount
        let renumbered = table.take(other.table)
        method.appendIndices(other.method, renumbered)
        origin.appendIndices(other.origin, renumbered)
        path.append(other.path)
        httpVersion.appendIndices(other.httpVersion, renumbered)
        request.take(other.request, renumbered)
        response.take(other.response, renumbered)
        peer.appendIndices(other.peer, renumbered)
        parentPresent += other.parentPresent
        parent += other.parent
        webhook.take(other.webhook, renumbered)
    }

    private mutating func append(url: UnsafeBufferPointer<UInt8>) {
        let split = originEnd(of: url)
        origin.appendVarint(split == 0 ? 0 : table.index(ofBytes: UnsafeBufferPointer(rebasing: url[..<split])))
        path.append(UnsafeBufferPointer(rebasing: url[split...]))
        byteCount += url.count
    }

    func finish() -> [UInt8] {
        var wire = WireWriter()
        wire.reserve(byteCount + byteCount / 8)
        write(to: &wire)
        return wire.bytes
    }

    func write(to wire: inout WireWriter) {
        table.write(field: 1, to: &wire)
        wire.delimited(field: 2, method)
        wire.delimited(field: 3, origin)
        wire.delimited(field: 4, path.lengths)
        wire.delimited(field: 5, path.contents)
        wire.delimited(field: 6, httpVersion)
        wire.delimited(field: 7, request.headerLists)
        wire.delimited(field: 8, response.headerLists)
        for column in request.headerColumns { wire.element(field: 9, column.encoded()) }
        for column in response.headerColumns { wire.element(field: 10, column.encoded()) }
        wire.nested(field: 11, byteCountEstimate: request.bodiesByteCountEstimate) { request.writeBodies(to: &$0) }
        wire.nested(field: 12, byteCountEstimate: response.bodiesByteCountEstimate) { response.writeBodies(to: &$0) }
        wire.delimited(field: 13, peer)
        if !parent.isEmpty {
            wire.delimited(field: 14, parent)
            wire.delimited(field: 15, parentPresent)
        }
        wire.delimited(field: 16, webhook.encoded())
    }
}

/// Where scheme and authority end: at the first `/`, `?` or `#` after `://`; at the start when there is no scheme.
private func originEnd(of url: UnsafeBufferPointer<UInt8>) -> Int {
    guard let colon = url.firstIndex(of: UInt8(ascii: ":")), colon + 3 <= url.count,
        url[colon + 1] == UInt8(ascii: "/"), url[colon + 2] == UInt8(ascii: "/")
    else { return 0 }
    var end = colon + 3
    while end < url.count {
        let byte = url[end]
        if byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#") { break }
        end += 1
    }
    return end
}

private struct WebhookColumns {
    private var present: [UInt8] = []
    private var eventType: [UInt8] = []
    private var deliveryLength: [UInt8] = []
    private var delivery: [UInt8] = []
    private var attempt: [UInt8] = []
    private var subscription: [UInt8] = []
    private var recipient: [UInt8] = []
    private var any = false

    mutating func append(_ webhook: APICall.Webhook?, table: inout StringTable) {
        guard let webhook else {
            present.append(0)
            return
        }
        any = true
        present.append(1)
        eventType.appendVarint(table.index(of: webhook.eventType))
        deliveryLength.appendVarint(webhook.deliveryID.map { UInt64($0.utf8.count) + 1 } ?? 0)
        delivery.append(contentsOf: (webhook.deliveryID ?? "").utf8)
        attempt.appendVarint(UInt64(clamping: webhook.attempt ?? 0))
        subscription.appendVarint(table.index(of: webhook.subscription))
        recipient.appendVarint(table.index(of: webhook.recipient))
    }

    mutating func take(_ other: WebhookColumns, _ renumbered: [UInt64]) {
        present += other.present
        eventType.appendIndices(other.eventType, renumbered)
        deliveryLength += other.deliveryLength
        delivery += other.delivery
        attempt += other.attempt
        subscription.appendIndices(other.subscription, renumbered)
        recipient.appendIndices(other.recipient, renumbered)
        any = any || other.any
    }

    func encoded() -> [UInt8] {
        guard any else { return [] }
        var wire = WireWriter()
        wire.delimited(field: 1, present)
        wire.delimited(field: 2, eventType)
        wire.delimited(field: 3, deliveryLength)
        wire.delimited(field: 4, delivery)
        wire.delimited(field: 5, attempt)
        wire.delimited(field: 6, subscription)
        wire.delimited(field: 7, recipient)
        return wire.bytes
    }
}
