import CallModel
import Detection
import Rollups

extension IncidentReport {
    /// - Parameters:
    ///   - id: as the outside knows it, where that is not the core's own.
    ///   - names: of a number in a dimension; for partners their ids.
    ///   - partnerName: what people call a partner, by its id.
    ///   - samples: ids of calls that failed by it.
    public init(
        _ incident: Incident, id: Int64? = nil, names: (NameID, Dimension) -> String, partnerName: (String) -> String,
        samples: [String] = [], explanation: [String] = []
    ) {
        let partners = incident.partners.map { names($0, .partner) }
        var predicate = incident.scope.narrowing.map { Condition($0.name, names(incident.scope[$0], $0)) }
        if incident.scope.direction == .inbound { predicate.append(Condition("direction", "inbound")) }
        let partnerNames = partners.map(partnerName)
        self.init(
            id: id ?? incident.id, state: incident.state, kind: incident.toldKind, severity: incident.severity,
            partners: partners, partnerNames: partnerNames, predicate: predicate, confidence: incident.confidence,
            startedAt: incident.startedAt, openedAt: incident.openedAt, resolvedAt: incident.resolvedAt,
            title: Self.title(incident.toldKind, partnerNames, predicate))
        isQuiet = incident.isQuiet
        mergedInto = incident.mergedInto
        timeline = incident.timeline.map { Entry(at: $0.at, what: $0.what) }
        self.samples = samples
        self.explanation = explanation
        troubles = incident.groups.filter { $0 != .none }.map(\.verb)
        take(incident.extent, names)
    }

    private mutating func take(_ extent: Incident.Extent, _ names: (NameID, Dimension) -> String) {
        func sorted(_ numbers: some Sequence<NameID>, _ dimension: Dimension) -> [String] {
            numbers.map { names($0, dimension) }.sorted()
        }
        calls = Int64(extent.calls)
        callsFailed = Int64(extent.failures)
        usualShare = extent.usualShare
        trend = extent.trend
        (hostCount, customerCount, routeCount) = (extent.hosts.count, extent.customers.count, extent.routes.count)
        seriesCount = extent.partners.count * max(1, extent.routes.count)
        hosts = sorted(extent.hosts.names, .host)
        customers = sorted(extent.customers.names, .customer)
        routes = sorted(extent.routes.names, .route)
        regions = sorted(extent.regions.filter(\.value.isHit).keys, .region)
        regionsReached = sorted(extent.regions.filter(\.value.isReached).keys, .region)
        failures = extent.symptoms.sorted { ($0.value, $1.key.rawValue) > ($1.value, $0.key.rawValue) }
            .map { (name: $0.key.name, calls: Int64($0.value)) }
    }

    /// Whose trouble, what kind, and where: `Stripe, Adyen · shared upstream · peer_network 203.0.113`.
    static func title(_ kind: CauseKind, _ partnerNames: [String], _ predicate: [Condition]) -> String {
        let conditions = predicate.filter { $0.dimension != "direction" }.map { "\($0.dimension) \($0.value)" }
        let words = kind.rawValue.split(separator: "_").joined(separator: " ")
        return [partnerNames.joined(separator: ", "), words, conditions.joined(separator: ", ")].filter { !$0.isEmpty }
            .joined(separator: " · ")
    }
}
