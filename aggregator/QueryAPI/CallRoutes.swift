import CallJSON
import CallModel
import Documents
import NIOCore
import Storage
import Transport

func callRoutes(_ sources: QuerySources) -> [APIRoute] {
    [
        APIRoute(
            pattern: "/api/v1/calls",
            summary:
                "Stored calls in the native form, newest first. A page that looks into payloads may end early: go on at "
                + "`next_cursor`.",
            access: .read,
            parameters: callParameters + [
                APIParameter(
                    name: "limit", kind: .integer(1...CallFilter.limitMax),
                    summary: "How many at most; 100 when absent."),
                APIParameter(name: "cursor", kind: .searchCursor, summary: "Where the last page ended."),
            ], schema: "CallList"
        ) { request in
            let filter = callFilter(request)
            return .json(pageDocument(try await sources.callPage(filter), since: filter.since, request, sources))
        },
        APIRoute(
            pattern: "/api/v1/calls/{id}", summary: "One call: in the native form, as a curl command, or as HAR.",
            access: .read,
            parameters: [
                APIParameter(
                    name: "format", kind: .choice(["native", "curl", "har"]), summary: "`native` when absent.")
            ], otherContentTypes: ["text/plain; charset=utf-8"], schema: "Object", mayBeMissing: true
        ) { request in
            let id = request.path["id"]!
            guard id.utf8.count <= Limits.idByteCountMax, let stored = try await sources.call(id) else {
                throw APIProblem.notFound(id)
            }
            let visible = visible(stored, request, sources)
            switch request.query["format"] {
            case "curl": return plain(Array(curlCommand(visible.call).utf8), "text/plain; charset=utf-8")
            case "har": return .json(harDocument([visible], version: sources.version))
            default:
                var bytes: [UInt8] = []
                CallJSONWriter.append(visible.call, id: visible.id, to: &bytes)
                if let limit = rateLimit(of: visible.call) { append(limit, toObject: &bytes) }
                return .json(bytes)
            }
        },
    ]
}

/// Parameters that are a dimension's name.
let dimensionNames = ["partner", "route", "service", "service_version", "host", "region", "environment", "customer"]

/// What calls are looked for by, in a search and in a stream.
let callParameters: [APIParameter] =
    [
        APIParameter(name: "since", kind: .time, summary: "Calls from this time on; an hour ago when absent."),
        APIParameter(name: "until", kind: .time, summary: "Calls before this time; now when absent."),
    ]
    + dimensionNames.map { name in
        APIParameter(
            name: name, kind: .text(characterCountMax: Limits.nameByteCountMax), summary: "Exactly this \(name).")
    } + [
        APIParameter(
            name: "direction", kind: .choice(Direction.allCases.map(\.name)), summary: "Which way the call went."),
        APIParameter(name: "outcome", kind: .choice(outcomeNames), summary: "How the call ended."),
        APIParameter(name: "failure", kind: .choice(FailureKind.allCases.map(\.name)), summary: "Why no answer came."),
        APIParameter(name: "failed", kind: .choice(["true", "false"]), summary: "Whether it counts as a failure."),
        APIParameter(name: "status", kind: .status, summary: "The response's status, or a class such as 5xx."),
        APIParameter(
            name: "slower_than_ms", kind: .integer(1...86_400_000), summary: "Only calls that took at least so long."),
        APIParameter(
            name: "source", kind: .choice(CallSource.allCases.map(\.name)), summary: "What the call was seen by."),
        APIParameter(
            name: "method", kind: .choice(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]),
            summary: "The request's method."),
        APIParameter(
            name: "event_type", kind: .text(characterCountMax: 200),
            summary: "A webhook's type, such as `charge.failed`."),
        APIParameter(
            name: "delivery_id", kind: .text(characterCountMax: 200),
            summary: "A webhook's delivery, by the partner's own id."),
        APIParameter(name: "trace_id", kind: .traceID, summary: "Calls of this trace."),
        APIParameter(
            name: "id", kind: .text(characterCountMax: Limits.idByteCountMax),
            summary: "The call of this id, supplied or assigned."),
        APIParameter(
            name: "header", kind: .headerTest,
            summary: "A header of request or response: its name, or `name: value` for exactly this value."),
        APIParameter(
            name: "json", kind: .jsonTest,
            summary:
                "A path in a body, such as `$.items[].sku`, or `$.items[].sku=A-1` for exactly this value. Where only a "
                + "body's shape is kept the value is the leaf of the shape, such as `string/3/word`."),
        APIParameter(
            name: "text", kind: .text(characterCountMax: 200),
            summary:
                "Text somewhere in a body, where bodies are stored. Content is looked into with the scope `read:bodies`."
        ),
    ]

let outcomeNames: [String] = Outcome.allCases.reduce(into: []) {
    if !$0.contains($1.name) { $0.append($1.name) }
}

/// The part of a filter that the narrow row answers. The parameters were checked before, so that what fails to parse here is
/// absent.
func rowFilter(_ query: [String: String], since: Instant, until: Instant) -> CallFilter {
    var filter = CallFilter(since: since, until: until)
    filter.partner = query["partner"]
    filter.route = query["route"]
    filter.service = query["service"]
    filter.serviceVersion = query["service_version"]
    filter.host = query["host"]
    filter.region = query["region"]
    filter.environment = query["environment"]
    filter.customer = query["customer"]
    filter.direction = query["direction"].flatMap { Direction(name: $0) }
    filter.outcome = query["outcome"]
    filter.failure = query["failure"].flatMap { FailureKind(name: $0) }
    filter.failed = query["failed"].map { $0 == "true" }
    filter.status = query["status"].flatMap(parseStatus)
    return filter
}

func callFilter(_ request: APIRequest) -> CallFilter {
    let query = request.query
    var filter = rowFilter(
        query, since: query["since"].flatMap { parseTime($0, now: request.now) } ?? request.now - .seconds(3_600),
        until: query["until"].flatMap { parseTime($0, now: request.now) } ?? request.now + .seconds(3_600))
    filter.slowerThan = query["slower_than_ms"].flatMap { Int64($0) }.map { .milliseconds($0) }
    filter.source = query["source"].flatMap { CallSource(name: $0) }
    filter.payload.method = query["method"]
    filter.payload.eventType = query["event_type"]
    filter.payload.deliveryID = query["delivery_id"]
    filter.traceID = query["trace_id"].flatMap { TraceID(hex: $0) }
    filter.id = query["id"]
    filter.newest = request.now + .seconds(1)
    // An id says which call: no hour bounds it.
    if filter.id != nil, query["since"] == nil { filter.since = .epoch }
    (filter.payload.headerName, filter.payload.headerValue) =
        query["header"].flatMap(parseHeaderTest).map { ($0.name, $0.value) } ?? (nil, nil)
    (filter.payload.jsonPath, filter.payload.jsonValue) =
        query["json"].flatMap(parseJSONTest).map { ($0.path, $0.value) } ?? (nil, nil)
    filter.payload.text = query["text"]
    filter.payload.looksIntoContent = request.maySeeContent
    filter.limit = query["limit"].flatMap { Int($0) } ?? 100
    if let cursor = query["cursor"].flatMap({ SearchCursor(text: $0) }) {
        (filter.cursor, filter.since) = (cursor.last, cursor.since)
    }
    return filter
}

private func pageDocument(
    _ page: CallPage, since: Instant, _ request: APIRequest, _ sources: QuerySources
) -> [UInt8] {
    var bytes = Array("{\"data\":[".utf8)
    for (index, call) in page.calls.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        let call = visible(call, request, sources)
        CallJSONWriter.append(call.call, id: call.id, to: &bytes)
    }
    let cursor = page.next.map { "\"\(SearchCursor(last: $0, since: since).text)\"" } ?? "null"
    bytes.append(contentsOf: "],\"next_cursor\":\(cursor),\"scanned\":\(page.scannedCount)}".utf8)
    return bytes
}

extension APIRequest {
    var maySeeContent: Bool { scopes.contains(.readBodies) || scopes.contains(.admin) }
}

extension StoredCall {
    /// Whether a body is more than its shape.
    var hasContent: Bool {
        [call.request.body, call.response?.body].contains { $0 != nil && $0?.form != .shape }
    }

    func withoutContent() -> StoredCall {
        var stored = self
        if stored.call.request.body?.form != .shape { stored.call.request.body = nil }
        if stored.call.response?.body?.form != .shape { stored.call.response?.body = nil }
        return stored
    }

    /// With the shape of what content there is: it holds no value, and so is for all.
    func withShapes(_ parser: JSONParser) -> StoredCall {
        var stored = self
        func shape(_ body: Body?, _ headers: [Header]) -> Body? {
            guard let body, body.form != .shape else { return body }
            return Shape.of(bytes: body.bytes, contentType: headers.value(of: "content-type"), parser: parser).map {
                Body($0, form: .shape)
            }
        }
        stored.call.request.body = shape(call.request.body, call.request.headers)
        if let response = call.response { stored.call.response?.body = shape(response.body, response.headers) }
        return stored
    }
}

/// A call as this reader may see it: the shape of a body holds no value and is for all; content needs its own scope, and
/// reading it is written down.
func visible(_ stored: StoredCall, _ request: APIRequest, _ sources: QuerySources) -> StoredCall {
    guard stored.hasContent else { return stored }
    guard request.maySeeContent else { return stored.withoutContent() }
    var detail = JSONWriter()
    detail.object { $0.member("call", stored.id) }
    sources.audit(request.who, "read a body", String(decoding: detail.bytes, as: UTF8.self))
    return stored
}
