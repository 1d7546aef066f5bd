import CallModel
import Documents

extension IncidentReport {
    /// As its document tells it: times in whole milliseconds, shares with the document's digits. What is told of a report in
    /// this form can be told again from the document.
    public func asDocumented() -> IncidentReport {
        var report = self
        report.startedAt = Instant(millisecondsSinceEpoch: startedAt.millisecondsSinceEpoch)
        report.openedAt = Instant(millisecondsSinceEpoch: openedAt.millisecondsSinceEpoch)
        report.resolvedAt = resolvedAt.map { Instant(millisecondsSinceEpoch: $0.millisecondsSinceEpoch) }
        report.confidence = (confidence * 1_000).rounded() / 1_000
        report.usualShare = (usualShare * 100_000).rounded() / 100_000
        (report.hosts, report.customers) = (Array(hosts.prefix(Self.namesMax)), Array(customers.prefix(Self.namesMax)))
        (report.routes, report.regions) = (Array(routes.prefix(Self.namesMax)), Array(regions.prefix(Self.namesMax)))
        report.regionsReached = Array(regionsReached.prefix(Self.namesMax))
        return report
    }

    /// Reads what `document()` wrote; nil where a member that every report has is missing or is not what it should be.
    /// The partners' names are their ids: the document has no others.
    public init?(document value: JSONValue) {
        guard let id = value.member("id")?.string.flatMap({ Int64($0) }),
            let state = value.member("state")?.string.flatMap({ Incident.State(rawValue: $0) }),
            let severity = value.member("severity")?.string.flatMap({ Incident.Severity(name: $0) }),
            let cause = value.member("cause"), let explains = value.member("explains"),
            let kind = cause.member("kind")?.string.flatMap({ CauseKind(rawValue: $0) }),
            let startedAt = value.instant("started_at"), let openedAt = value.instant("opened_at"),
            let title = value.member("title")?.string, let confidence = cause.member("confidence")?.double
        else { return nil }
        let partners = cause.texts("partners")
        var predicate: [Condition] = []
        cause.member("predicate")?.forEachElement { condition in
            guard let dimension = condition.member("dimension")?.string, let value = condition.member("value")?.string
            else { return }
            predicate.append(Condition(dimension, value))
        }
        self.init(
            id: id, state: state, kind: kind, severity: severity, partners: partners, partnerNames: partners,
            predicate: predicate, confidence: confidence, startedAt: startedAt, openedAt: openedAt,
            resolvedAt: value.instant("resolved_at"), title: title)
        readRest(value, explains)
    }

    private mutating func readRest(_ value: JSONValue, _ explains: JSONValue) {
        isQuiet = value.member("quiet")?.bool ?? false
        mergedInto = value.member("merged_into")?.string.flatMap { Int64($0) }
        partnerPage = value.member("partner_page")?.string
        trend = value.member("trend")?.string.flatMap { Trend(rawValue: $0) } ?? .steady
        samples = value.texts("samples")
        explanation = value.texts("explanation")
        value.member("timeline")?.forEachElement { entry in
            guard let at = entry.instant("at"), let what = entry.member("what")?.string else { return }
            timeline.append(Entry(at: at, what: what))
        }
        calls = explains.member("calls")?.int64 ?? 0
        callsFailed = explains.member("calls_failed")?.int64 ?? 0
        usualShare = explains.member("usual_share")?.double ?? 0
        hostCount = Int(explains.member("hosts")?.int64 ?? 0)
        customerCount = Int(explains.member("customers")?.int64 ?? 0)
        routeCount = Int(explains.member("routes")?.int64 ?? 0)
        seriesCount = Int(explains.member("series")?.int64 ?? 0)
        hosts = explains.texts("host_names")
        customers = explains.texts("customer_names")
        routes = explains.texts("route_names")
        regions = explains.texts("region_names")
        regionsReached = explains.texts("regions_reached")
        troubles = explains.texts("troubles")
        explains.member("failures")?.forEachMember { name, count in
            failures.append((String(decoding: name, as: UTF8.self), count.int64 ?? 0))
        }
    }
}

extension Incident.Severity {
    /// `minor`, `major`, `critical`.
    public init?(name: String) {
        guard let severity = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = severity
    }
}

extension JSONValue {
    fileprivate func instant(_ key: StaticString) -> Instant? {
        member(key)?.string.flatMap { Instant(rfc3339: $0) }
    }

    /// The texts of a list; what is no text is left out.
    fileprivate func texts(_ key: StaticString) -> [String] {
        var texts: [String] = []
        member(key)?.forEachElement { if let text = $0.string { texts.append(text) } }
        return texts
    }
}
