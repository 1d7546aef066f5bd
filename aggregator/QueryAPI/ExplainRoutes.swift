import CallModel
import Documents
import Storage
import Transport

/// What made calls fail, and what changed: questions worked out from bounded samples of the stored calls.
func explainRoutes(_ sources: QuerySources, _ memory: RouteMemory) -> [APIRoute] {
    [
        APIRoute(
            pattern: "/api/v1/calls/{id}/explain",
            summary:
                "What in this call's request made it fail, by its answer and by calls of its route around its time.",
            access: .read, schema: "CallExplanation", mayBeMissing: true
        ) { request in
            let id = request.path["id"]!
            guard id.utf8.count <= Limits.idByteCountMax else { throw APIProblem.notFound(id) }
            return try await explained(request, sources) { work in
                guard let document = try work.explain(call: id, memory) else { throw APIProblem.notFound(id) }
                return document
            }
        },
        APIRoute(
            pattern: "/api/v1/explain", summary: "What failed calls have in common that successful ones do not.",
            access: .read, parameters: explainParameters + [progressParameter],
            otherContentTypes: ["text/event-stream"], schema: "Explanation", mayBeMissing: true
        ) { request in
            let filter = try await explainedFilter(request, sources)
            return try await explained(request, sources) { try $0.explain(filter) }
        },
        APIRoute(
            pattern: "/api/v1/compare", summary: "What changed from one population of calls to another.",
            access: .read,
            parameters: [
                APIParameter(
                    name: "a", kind: .population,
                    summary: "Calls by conditions joined by `&`, such as `since=2h&until=1h&customer=acme`.",
                    isRequired: true),
                APIParameter(
                    name: "b", kind: .population, summary: "Those they are compared with, in the same form.",
                    isRequired: true),
                progressParameter,
            ], otherContentTypes: ["text/event-stream"], schema: "Explanation"
        ) { request in
            let a = Population.filter(request.query["a"] ?? "", now: request.now)
            let b = Population.filter(request.query["b"] ?? "", now: request.now)
            return try await explained(request, sources) { try $0.compare(a, b) }
        },
    ]
}

private let progressParameter = APIParameter(
    name: "progress", kind: .choice(["true", "false"]),
    summary: "Server-sent events: `progress` on the way, at last `result` with the document, or `problem`.")

private let explainParameters: [APIParameter] =
    [
        APIParameter(
            name: "since", kind: .time, summary: "Calls from this time on; an hour before `until` when absent."),
        APIParameter(name: "until", kind: .time, summary: "Calls before this time; now when absent."),
        APIParameter(
            name: "incident", kind: .integer(1...Int(Int64.max)),
            summary: "Calls of this incident's partner, route and direction, from half an hour before it to its end."),
    ]
    + dimensionNames.map {
        APIParameter(
            name: $0, kind: .text(characterCountMax: Limits.nameByteCountMax), summary: "Only calls of this \($0).")
    } + [
        APIParameter(
            name: "direction", kind: .choice(Direction.allCases.map(\.name)), summary: "Which way the calls went.")
    ]

/// How long before an incident calls are looked at: that is what its own are compared with.
private let beforeIncident: Duration = .seconds(1_800)

private func explainedFilter(_ request: APIRequest, _ sources: QuerySources) async throws -> CallFilter {
    let asked = Population.filter(request.query, span: .seconds(3_600), now: request.now)
    guard let incident = request.query["incident"].flatMap({ Int64($0) }) else { return asked }
    var filter = asked
    try await narrow(&filter, toIncident: incident, sources, at: request.now)
    filter.succeeded = nil
    filter.since = request.query["since"] == nil ? filter.since - beforeIncident : asked.since
    if request.query["until"] != nil { filter.until = asked.until }
    filter.partner = asked.partner ?? filter.partner
    filter.route = asked.route ?? filter.route
    filter.direction = asked.direction ?? filter.direction
    // Hosts, customers and versions that do well are what those in trouble are compared with.
    (filter.host, filter.customer, filter.region) = (asked.host, asked.customer, asked.region)
    filter.serviceVersion = asked.serviceVersion
    return filter
}

/// Works it out away from the threads that serve, and writes down whose bodies were read for it.
private func explained(
    _ request: APIRequest, _ sources: QuerySources, _ body: @escaping @Sendable (inout Explaining) throws -> [UInt8]
) async throws -> Response {
    guard request.query["progress"] == "true" else {
        return .json(try await worked(out: body, request, sources, progress: nil))
    }
    let stream = ProgressStream()
    Task {
        let result: Result<[UInt8], any Error>
        do {
            result = .success(try await worked(out: body, request, sources) { stream.tell($0, $1, $2) })
        } catch {
            result = .failure(error)
        }
        stream.finish(result)
    }
    return stream.response
}

private func worked(
    out body: @escaping @Sendable (inout Explaining) throws -> [UInt8], _ request: APIRequest, _ sources: QuerySources,
    progress: (@Sendable (String, Int, Int) -> Void)?
) async throws -> [UInt8] {
    let readsContent = request.maySeeContent
    let result = try await sources.workOut { samples in
        var work = Explaining(samples, readsContent: readsContent)
        work.progress = progress
        let document = try body(&work)
        return Explained(document: document, contentReadCount: work.contentReadCount)
    }
    if result.contentReadCount > 0 {
        var detail = JSONWriter()
        detail.object {
            $0.member("path", request.head.path)
            $0.member("query", request.head.query)
            $0.member("calls", result.contentReadCount)
        }
        sources.audit(request.who, "read bodies to explain", String(decoding: detail.bytes, as: UTF8.self))
    }
    return result.document
}
