extension APICall {
    /// The call that a row stands for: what the row's columns would be read as. Its bytes are UTF-8.
    public init(_ row: CallRow) {
        var request = Request(
            method: text(row.method) ?? "", url: text(row.url) ?? "", headers: row.request.headers.map(Header.init),
            body: row.request.content)
        request.bodyByteCount = row.request.bodyByteCount
        request.httpVersion = text(row.httpVersion)
        self.init(time: row.time, direction: row.direction, request: request, source: row.source)
        id = text(row.id)
        receivedAt = row.receivedAt
        (partner, route) = (text(row[.partner]), text(row[.route]))
        (service, serviceVersion) = (text(row[.service]), text(row[.serviceVersion]))
        (host, region, environment) = (text(row[.host]), text(row[.region]), text(row[.environment]))
        customer = text(row[.customer])
        if let status = row.status {
            response = Response(
                status: status, headers: row.response.headers.map(Header.init), body: row.response.content)
            response?.bodyByteCount = row.response.bodyByteCount
        }
        (error, outcome, duration) = (row.error, row.outcome, row.duration)
        peerAddress = text(row.peerAddress)
        (traceID, spanID, parentSpanID) = (row.traceID, row.spanID, row.parentSpanID)
        weight = row.weight
    }
}

/// An empty text stands for none.
private func text(_ text: CallRow.Text) -> String? {
    text.isEmpty ? nil : String(decoding: text, as: UTF8.self)
}

extension Header {
    fileprivate init(_ field: CallRow.Field) {
        self.init(String(decoding: field.name, as: UTF8.self), String(decoding: field.value, as: UTF8.self))
    }
}

extension CallRow.Message {
    fileprivate var content: Body? { body.map { Body(Array($0), form: bodyForm) } }
}
