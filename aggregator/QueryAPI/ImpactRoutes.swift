import CallModel
import Documents
import Impact
import Storage
import Transport

/// What a partner's trouble did to us: which customers' calls to it failed, and which of our own requests failed or were slow
/// because of a call inside them.
func impactRoutes(_ sources: QuerySources) -> [APIRoute] {
    [
        APIRoute(
            pattern: "/api/v1/impact",
            summary:
                "What a partner's trouble did to our customers and to our own requests: who was hit, how hard, and how sure that is.",
            access: .read,
            parameters: [
                partnerParameter,
                APIParameter(
                    name: "route", kind: .text(characterCountMax: Limits.nameByteCountMax),
                    summary: "Of our own requests, those of this route."),
                APIParameter(
                    name: "customer", kind: .text(characterCountMax: Limits.nameByteCountMax),
                    summary: "Of our own requests, those of this customer."),
                APIParameter(
                    name: "since", kind: .time,
                    summary: "From this time on; the beginning of the open outage, or an hour ago, when absent."),
                APIParameter(name: "until", kind: .time, summary: "Before this time; now when absent."),
            ], schema: "Impact"
        ) { request in try await impact(request, sources) }
    ]
}

private func impact(_ request: APIRequest, _ sources: QuerySources) async throws -> Response {
    let query = request.query
    var since = request.now - .seconds(3_600)
    if let partner = query["partner"], let open = sources.history()?.partners[partner]?.openSince { since = open }
    since = query["since"].flatMap { parseTime($0, now: request.now) } ?? since
    let until = query["until"].flatMap { parseTime($0, now: request.now) } ?? request.now + .seconds(60)
    var filter = VolumeFilter(since: since, until: until, key: .customer)
    filter.partner = query["partner"]
    filter.direction = .outbound
    let customers = try await sources.volume(filter)
    filter.key = .route
    let routes = try await sources.volume(filter)
    var question = ImpactQuestion(since: since, until: min(until, request.now))
    (question.partner, question.route, question.customer) = (query["partner"], query["route"], query["customer"])
    let inbound = try await sources.workOut { [question] samples in
        Explained(document: try inboundImpact(question, samples), contentReadCount: 0)
    }
    var writer = JSONWriter()
    writer.object { writer in
        writer.member("partner", query["partner"])
        writer.member("since", since)
        writer.member("until", until)
        append(customers: customers, routes: routes, &writer)
        writer.member("inbound", json: inbound.document)
    }
    return .json(writer.bytes)
}

/// The calls to the partner itself, from the lasting counts.
private func append(customers: [VolumeCount], routes: [VolumeCount], _ writer: inout JSONWriter) {
    func sum(_ counts: [VolumeCount]) -> (calls: Int64, failures: Int64) {
        counts.reduce(into: (0, 0)) {
            $0.0 += $1.calls
            $0.1 += $1.failures
        }
    }
    let (all, named) = (sum(routes), sum(customers))
    let hit = customers.filter { $0.failures > 0 }.sorted { $0.failures > $1.failures }
    figures(all.calls, all.failures, &writer)
    writer.member("customers_calling", customers.count)
    writer.member("customers_affected", hit.count)
    // Calls on whose behalf nobody is known: what is said of customers is silent about them.
    writer.object("without_customer") {
        figures(max(0, all.calls - named.calls), max(0, all.failures - named.failures), &$0)
    }
    for (name, counts) in [("customers", hit), ("routes", routes.filter { $0.failures > 0 })] {
        writer.array(name) { writer in
            for count in counts {
                writer.object {
                    $0.member("name", count.name)
                    figures(count.calls, count.failures, &$0)
                }
            }
        }
    }
}
