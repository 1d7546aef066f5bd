import CallModel
import Incidents

@testable import Alerting

/// A night with the alerting core: what happens is said, what is told is read.
struct Timeline {
    /// 2026-11-18T12:26:40Z, a Wednesday.
    static let start = Instant(secondsSinceEpoch: 1_795_004_800)

    var core: AlertingCore
    var now = start
    /// Seconds from the start, channel, kind.
    var told: [String] = []
    var messages: [Message] = []

    init(_ configure: (inout AlertingCore.Configuration) -> Void = { _ in }) {
        var configuration = AlertingCore.Configuration()
        // Each incident by itself, but where a test is about groups.
        configuration.groupInterval = .zero
        configure(&configuration)
        core = AlertingCore(configuration: configuration)
    }

    mutating func handle(_ kind: IncidentCore.Event.Kind, _ report: IncidentReport) {
        take(core.handle(AlertEvent(kind: kind, report: report), at: now))
    }

    mutating func apply(_ action: AlertingCore.Action, by who: String = "ann", to incident: Int64 = 1) {
        take(core.apply(action, by: who, to: incident, at: now))
    }

    /// Goes from deadline to deadline, as the decider does.
    mutating func wait(_ duration: Duration) {
        let end = now + duration
        take(core.advance(to: now))
        while let next = core.nextDeadline(after: now), next <= end {
            now = next
            take(core.advance(to: now))
        }
        now = end
    }

    /// What was told since it was asked last.
    mutating func news() -> [String] {
        defer { told = [] }
        return told
    }

    private mutating func take(_ sent: [Message]) {
        messages += sent
        let seconds = Int((now - Timeline.start).inSeconds)
        told += sent.map { "\(seconds) \($0.channel) \($0.kind.rawValue)" }
    }
}

/// An outage of a partner that began a minute ago.
func outage(_ id: Int64 = 1, _ severity: Incident.Severity = .major, partner: String = "stripe") -> IncidentReport {
    var report = IncidentReport(
        id: id, state: .open, kind: .partner, severity: severity, partners: [partner],
        partnerNames: [partner.prefix(1).uppercased() + partner.dropFirst()], predicate: [], confidence: 0.96,
        startedAt: Timeline.start - .seconds(60), openedAt: Timeline.start, title: "\(partner) · partner")
    (report.calls, report.callsFailed, report.usualShare) = (8_120, 3_412, 0.002)
    (report.customers, report.customerCount) = (["acme", "globex"], 2)
    (report.routes, report.routeCount) = (["POST /v1/charges"], 1)
    (report.regions, report.troubles) = (["eu-west-1"], ["failed"])
    (report.hosts, report.hostCount) = (["web-1", "web-2"], 2)
    report.failures = [("server_error", 3_400), ("timeout", 12)]
    report.trend = .growing
    return report
}

extension IncidentReport {
    func with(_ change: (inout IncidentReport) -> Void) -> IncidentReport {
        var report = self
        change(&report)
        return report
    }

    func resolved(at now: Instant) -> IncidentReport {
        with {
            $0.state = .resolved
            $0.resolvedAt = now
        }
    }
}
