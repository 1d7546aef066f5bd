import CallModel
import Documents
import Storage
import Transport

/// What evidence is made of.
struct EvidenceCalls {
    /// The newest of those that are meant, oldest first.
    var calls: [StoredCall]
    /// Whether they are all.
    var isComplete: Bool
    /// Whose calls they are; nil where several partners were asked for.
    var partner: String?
}

private let evidenceCallsMax = 500
/// A page ends early when it has looked at much: this is as far as one request goes.
private let evidencePagesMax = 10

/// Evidence goes to a partner: it is of one partner's calls alone, whatever else a trace or an incident holds, unless all are asked for
/// in so many words.
func evidenceCalls(_ request: APIRequest, _ sources: QuerySources) async throws -> EvidenceCalls {
    let fields = request.fields
    func time(_ name: String) -> Instant? { fields[name].flatMap { parseTime($0, now: request.now) } }
    var filter = CallFilter(
        since: time("since") ?? request.now - .seconds(86_400), until: time("until") ?? request.now + .seconds(60))
    if let incident = fields["incident"].flatMap({ Int64($0) }) {
        try await narrow(&filter, toIncident: incident, sources, at: request.now)
        // A time that was asked for holds as well.
        filter.since = max(filter.since, time("since") ?? filter.since)
        filter.until = min(filter.until, time("until") ?? filter.until)
    }
    filter.partner = fields["partner"] ?? filter.partner
    filter.traceID = fields["trace_id"].flatMap { TraceID(hex: $0) }
    filter.payload.deliveryID = fields["delivery_id"]
    filter.newest = request.now + .seconds(1)
    let found = try await read(filter, sources)
    guard filter.partner == nil, fields["partners"] != "all", !found.calls.isEmpty else { return found }
    filter.partner = try onlyPartner(of: found.calls)
    // Of one partner more may be found than of all together.
    return try await read(filter, sources)
}

private func onlyPartner(of calls: [StoredCall]) throws(APIProblem) -> String {
    let counts = calls.reduce(into: [String: Int]()) { $0[$1.call.partner ?? "", default: 0] += 1 }
    let partners = counts.keys.filter { !$0.isEmpty }.sorted()
    guard partners.count != 1 else { return partners[0] }
    var problem = APIProblem(
        status: 409, title: "Several partners", detail: "these calls are of no partner: they are requests of our own",
        errors: [Problem.Item(pointer: "/body/partner", detail: "whose calls is to be said")],
        hint: "`partners` of `all` makes evidence of them all the same; it is not to be handed to a partner")
    if !partners.isEmpty {
        let named = partners.prefix(20).map { "\($0) (\(counts[$0]!))" }.joined(separator: ", ")
        problem.detail = "these calls are of \(partners.count) partners: \(named)"
        problem.hint = "say by `partner` to whom it goes, or by `partners` of `all` that it holds the calls of all"
    }
    throw problem
}

private func read(_ filter: CallFilter, _ sources: QuerySources) async throws -> EvidenceCalls {
    var filter = filter
    var calls: [StoredCall] = []
    for _ in 0..<evidencePagesMax {
        // One more than is kept tells whether there are more.
        filter.limit = evidenceCallsMax + 1 - calls.count
        let page = try await sources.callPage(filter)
        calls += page.calls
        guard calls.count <= evidenceCallsMax else { break }
        guard let next = page.next else {
            return EvidenceCalls(calls: calls.reversed(), isComplete: true, partner: filter.partner)
        }
        filter.cursor = next
    }
    return EvidenceCalls(
        calls: calls.prefix(evidenceCallsMax).reversed(), isComplete: false, partner: filter.partner)
}

/// To what failed by an incident: its time, its partner, and what its cause is limited to.
func narrow(
    _ filter: inout CallFilter, toIncident id: Int64, _ sources: QuerySources, at now: Instant
) async throws {
    guard let incident = try await sources.incidents.read(id)?.record else { throw APIProblem.notFound("\(id)") }
    filter.since = incident.startedAt
    filter.until = incident.resolvedAt ?? now + .seconds(60)
    filter.succeeded = false
    if incident.partners.count == 1 { filter.partner = incident.partners[0] }
    let conditions = try JSONParser().parse(incident.document) { document in
        var conditions: [String: String] = [:]
        document.member("cause")?.member("predicate")?.forEachElement { condition in
            guard let name = condition.member("dimension")?.string else { return }
            conditions[name] = condition.member("value")?.string
        }
        return conditions
    }
    filter.partner = conditions["partner"] ?? filter.partner
    filter.route = conditions["route"]
    filter.region = conditions["region"]
    filter.host = conditions["host"]
    filter.customer = conditions["customer"]
    filter.serviceVersion = conditions["service_version"]
    filter.direction = conditions["direction"].flatMap { Direction(name: $0) }
}

extension EvidenceRecord {
    /// Whose calls are in it, and whether there are some that are no partner's: by the entries themselves.
    var partners: (named: [String], areOthersIn: Bool) {
        var named: Set<String> = []
        var areOthersIn = false
        // Written by us; were it damaged, it shows nothing.
        _ = try? JSONParser().parse(har) { root in
            root.member("log")?.member("entries")?.forEachElement { entry in
                if let partner = entry.member("_partner")?.string { named.insert(partner) } else { areOthersIn = true }
            }
        }
        return (named.sorted(), areOthersIn)
    }

    /// Whether it may go behind a link: it is of one partner, or all were asked for in so many words. What was made before evidence was
    /// of one partner may not be.
    var mayBeShared: Bool {
        let partners = partners
        if partners.named.count <= 1, !partners.areOthersIn { return true }
        return (try? JSONParser().parse(Array(scope.utf8)) { $0.member("partners")?.string == "all" }) ?? false
    }
}
