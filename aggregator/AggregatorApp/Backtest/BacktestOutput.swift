import Alerting
import CallModel
import Detection
import Incidents
import Rollups

/// What a backtest prints: every incident as it ended, and every notification, in the shapes of the query API.
struct BacktestOutput {
    private var text = ""
    private let calls: RecordedCalls

    init(_ calls: RecordedCalls) { self.calls = calls }

    mutating func document(_ backtest: Backtest) -> String {
        let incidents = (backtest.core.resolved + backtest.core.open).filter { !$0.isQuiet }.sorted { $0.id < $1.id }
        let span = backtest.firstTime.map { max(0, (backtest.now - $0).inSeconds) } ?? 0
        text = "{\"incidents\":[\n"
        for (place, incident) in incidents.enumerated() {
            if place > 0 { text += ",\n" }
            add(incident, backtest.notifications)
        }
        text += "\n],\"notifications\":[\n"
        for (place, notification) in backtest.notifications.enumerated() {
            if place > 0 { text += ",\n" }
            add(notification, isOfIncident: false)
        }
        text += "\n],\"calls\":\(backtest.callCount),\"span_s\":\(Int64(span)),\"late_calls\":\(backtest.lateCount)"
        text +=
            ",\"rejected\":\(calls.rejectedCount),\"duplicates\":\(calls.duplicateCount),\"not_ours\":\(calls.notOursCount)}\n"
        return text
    }

    private mutating func add(_ incident: Incident, _ notifications: [Notification]) {
        text +=
            "{\"id\":\"\(incident.id)\",\"state\":\"\(incident.state.rawValue)\",\"started_at\":\"\(incident.startedAt.rfc3339)\""
        text += ",\"opened_at\":\"\(incident.openedAt.rfc3339)\",\"resolved_at\":"
        text += incident.resolvedAt.map { "\"\($0.rfc3339)\"" } ?? "null"
        text += ",\"detected_after_s\":\(seconds(incident.openedAt - incident.startedAt))"
        text += ",\"severity\":\"\(incident.severity.name)\",\"title\":\(quoted(title(incident)))"
        text += ",\"cause\":{\"kind\":\"\(incident.kind.rawValue)\",\"partners\":["
        text += incident.partners.map { quoted(calls.partners.name($0)) }.joined(separator: ",")
        text +=
            "],\"predicate\":[\(predicate(incident.scope).joined(separator: ","))],\"confidence\":\(thousandths(incident.confidence))}"
        addExtent(incident)
        text += ",\"owner\":null,\"timeline\":["
        text += incident.timeline.map { "{\"at\":\"\($0.at.rfc3339)\",\"what\":\(quoted($0.what))}" }.joined(
            separator: ",")
        text += "],\"notifications\":["
        for (place, notification) in notifications.filter({ $0.incident.id == incident.id }).enumerated() {
            if place > 0 { text += "," }
            add(notification, isOfIncident: true)
        }
        text += "],\"samples\":[]}"
    }

    private mutating func add(_ notification: Notification, isOfIncident: Bool) {
        text += "{\"at\":\"\(notification.at.rfc3339)\",\"channel\":\(quoted(notification.channel))"
        text += ",\"kind\":\"\(notification.kind.rawValue)\""
        if !isOfIncident { text += ",\"incident\":\"\(notification.incident.id)\"" }
        text += "}"
    }

    private mutating func addExtent(_ incident: Incident) {
        let extent = incident.extent
        text += ",\"explains\":{\"calls_failed\":\(Int64(extent.failures)),\"calls\":\(Int64(extent.calls))"
        text += ",\"series\":\(extent.partners.count * max(1, extent.routes.count)),\"hosts\":\(extent.hosts.count)"
        text +=
            ",\"customers\":\(extent.customers.count),\"routes\":\(extent.routes.count),\"usual_share\":\(thousandths(extent.usualShare))"
        let symptoms = extent.symptoms.sorted { ($0.value, $1.key.rawValue) > ($1.value, $0.key.rawValue) }
        text +=
            ",\"failures\":{" + symptoms.map { "\(quoted($0.key.name)):\(Int64($0.value))" }.joined(separator: ",")
            + "}}"
    }

    private func predicate(_ scope: Scope) -> [String] {
        var conditions = scope.narrowing.map { dimension in
            "{\"dimension\":\(quoted(dimension.name)),\"value\":\(quoted(name(scope[dimension], dimension)))}"
        }
        if scope.direction == .inbound { conditions.append("{\"dimension\":\"direction\",\"value\":\"inbound\"}") }
        return conditions
    }

    private func name(_ number: NameID, _ dimension: Dimension) -> String {
        switch dimension {
        case .partner: calls.partners.name(number)
        case .route: calls.routes.name(number)
        case .region: calls.regions.name(number)
        case .host: calls.hosts.name(number)
        case .customer: calls.customers.name(number)
        case .serviceVersion: calls.versions.name(number)
        case .network: calls.networks.name(number)
        }
    }

    private func title(_ incident: Incident) -> String {
        let partners = incident.partners.map { calls.partners.name($0) }.joined(separator: ", ")
        let words = incident.kind.rawValue.split(separator: "_").joined(separator: " ")
        let conditions = incident.scope.narrowing.map { "\($0.name) \(name(incident.scope[$0], $0))" }.joined(
            separator: ", ")
        return [partners, words, conditions].filter { !$0.isEmpty }.joined(separator: " · ")
    }

    private func seconds(_ duration: Duration) -> String { "\(duration.nanoseconds / 1_000_000_000)" }
    private func thousandths(_ value: Double) -> String { "\((value * 1_000).rounded() / 1_000)" }

    private func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
