import CallJSON
import CallModel
import NIOCore
import Storage
import Transport

func callRoutes(_ sources: QuerySources) -> [APIRoute] {
    [
        APIRoute(
            pattern: "/api/v1/calls", summary: "Stored calls in the native form, newest first.", access: .read,
            parameters: callParameters, schema: "CallList"
        ) { request in
            let filter = callFilter(request)
            let calls = try await sources.searchCalls(filter)
            return .json(page(calls, filter, request, sources))
        },
        APIRoute(
            pattern: "/api/v1/calls/{id}", summary: "One call in the native form.", access: .read, schema: "Call",
            mayBeMissing: true
        ) { request in
            let id = request.path["id"]!
            guard id.utf8.count <= Limits.idByteCountMax, let call = try await sources.call(id) else {
                throw APIProblem.notFound(id)
            }
            var bytes: [UInt8] = []
            append(call, request, sources, to: &bytes)
            return .json(bytes)
        },
    ]
}

private let names = ["partner", "route", "service", "service_version", "host", "region", "environment", "customer"]

private let callParameters: [APIParameter] =
    [
        APIParameter(name: "since", kind: .time, summary: "Calls from this time on; an hour ago when absent."),
        APIParameter(name: "until", kind: .time, summary: "Calls before this time; now when absent."),
    ]
    + names.map { name in
        APIParameter(
            name: name, kind: .text(characterCountMax: Limits.nameByteCountMax), summary: "Exactly this \(name).")
    } + [
        APIParameter(
            name: "direction", kind: .choice(Direction.allCases.map(\.name)), summary: "Which way the call went."),
        APIParameter(name: "outcome", kind: .choice(outcomeNames), summary: "How the call ended."),
        APIParameter(name: "failure", kind: .choice(FailureKind.allCases.map(\.name)), summary: "Why no answer came."),
        APIParameter(name: "failed", kind: .choice(["true", "false"]), summary: "Whether it counts as a failure."),
        APIParameter(name: "status", kind: .status, summary: "The response's status, or a class such as 5xx."),
        APIParameter(name: "trace_id", kind: .traceID, summary: "Calls of this trace."),
        APIParameter(
            name: "limit", kind: .integer(1...CallFilter.limitMax), summary: "How many at most; 100 when absent."),
        APIParameter(name: "cursor", kind: .cursor, summary: "Where the last page ended."),
    ]

private let outcomeNames: [String] = Outcome.allCases.reduce(into: []) {
    if !$0.contains($1.name) { $0.append($1.name) }
}

/// The parameters were checked before, so that what fails to parse here is absent.
private func callFilter(_ request: APIRequest) -> CallFilter {
    let query = request.query
    var filter = CallFilter(
        since: query["since"].flatMap { parseTime($0, now: request.now) } ?? request.now - .seconds(3_600),
        until: query["until"].flatMap { parseTime($0, now: request.now) } ?? request.now + .seconds(3_600))
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
    filter.traceID = query["trace_id"].flatMap { TraceID(hex: $0) }
    filter.limit = query["limit"].flatMap { Int($0) } ?? 100
    filter.cursor = query["cursor"].flatMap { CallCursor(text: $0) }
    return filter
}

private func page(
    _ calls: [StoredCall], _ filter: CallFilter, _ request: APIRequest, _ sources: QuerySources
) -> [UInt8] {
    var bytes = Array("{\"data\":[".utf8)
    for (index, call) in calls.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        append(call, request, sources, to: &bytes)
    }
    let cursor = calls.count == filter.limit ? calls.last.map { "\"\($0.cursor.text)\"" } : nil
    bytes.append(contentsOf: "],\"next_cursor\":\(cursor ?? "null")}".utf8)
    return bytes
}

/// Appends a call as this reader may see it: the shape of a body holds no value and is for all; content needs its own scope,
/// and reading it is written down.
private func append(
    _ stored: StoredCall, _ request: APIRequest, _ sources: QuerySources, to bytes: inout [UInt8]
) {
    var call = stored.call
    let hasContent = [call.request.body, call.response?.body].contains { $0 != nil && $0?.form != .shape }
    if hasContent {
        if request.scopes.contains(.readBodies) || request.scopes.contains(.admin) {
            var detail = JSONWriter()
            detail.object { $0.member("call", stored.id) }
            sources.audit(request.who, "read a body", String(decoding: detail.bytes, as: UTF8.self))
        } else {
            if call.request.body?.form != .shape { call.request.body = nil }
            if call.response?.body?.form != .shape { call.response?.body = nil }
        }
    }
    CallJSONWriter.append(call, id: stored.id, to: &bytes)
}
