import Alerting
import CallModel
import Drift
import Postgres
import Runtime
import Storage
import Synchronization

/// Which changes of partners are told, and by whose rules.
struct DriftTelling: Sendable {
    /// A key that is new breaks nobody; all else may.
    static let usualKinds = DriftFinding.Kind.allCases.filter { $0 != .keyAppeared && $0 != .headerAppeared }

    var kinds = usualKinds
    var alerting = AlertingCore.Configuration()
    /// Whether there is anybody to tell.
    var hasChannels = false
    var partnerName: @Sendable (String) -> String = { $0 }

    init() {}

    init(_ settings: AggregatorSettings, _ deciding: DecidingSettings) {
        kinds = settings.driftKinds
        alerting = deciding.alerting
        hasChannels = deciding.hasChannels
        partnerName = deciding.partnerName
    }
}

/// Puts what drift found into the outbox, one message for what a partner changed at about the same time.
///
/// What was told is marked in the transaction that writes the message, so that each change is told once, whatever restarts meanwhile.
struct DriftTeller: Sendable {
    /// What is found within it of the first change is told with it.
    static let gatherTime: Duration = .seconds(120)
    static let partnerPause: Duration = .seconds(3_600)
    /// Of all partners together.
    static let perHourMax = 20
    static let roundTime: Duration = .seconds(15)

    let told: Counter
    let silenced: Counter

    init(_ metrics: MetricsRegistry) {
        told = metrics.counter("farwatch_drift_messages_total", help: "Messages that told of changes of partners.")
        silenced = metrics.counter(
            "farwatch_drift_silenced_total", help: "Such messages that were silenced, or had nobody to hear them.")
    }

    /// Within the caller's transaction.
    ///
    /// - Returns: how many messages were written.
    func tell(_ telling: DriftTelling, at now: Instant, _ connection: PostgresConnection) throws -> Int {
        guard telling.hasChannels, !telling.kinds.isEmpty else { return 0 }
        let untold = try DriftStore.untold(telling.kinds, connection)
        let due = Dictionary(grouping: untold, by: \.partner).values.filter {
            now - $0[0].firstSeen >= Self.gatherTime
        }
        guard !due.isEmpty else { return 0 }
        let recent = try DriftStore.partnersTold(since: now - Self.partnerPause, connection)
        var core = AlertingCore(configuration: telling.alerting)
        core.replace(quiets: try QuietStore.current(at: now, connection).compactMap(Quiet.init))
        core.replace(owners: try OwnerStore.list(connection).compactMap(Owner.init), at: now)
        var room = Self.perHourMax - recent.count
        var written = 0
        for findings in due.sorted(by: { $0[0].firstSeen < $1[0].firstSeen })
        where room > 0 && !recent.contains(findings[0].partner) {
            let notice = PartnerNotice(findings, name: telling.partnerName(findings[0].partner))
            guard case .tell(let messages) = core.verdict(on: notice, at: now) else { continue }
            try OutboxStore.append(messages, connection)
            try DriftStore.markTold(findings.map(\.id), at: now, connection)
            if messages.isEmpty { silenced.add() } else { told.add(messages.count) }
            written += messages.count
            room -= 1
        }
        return written
    }
}

extension PartnerNotice {
    fileprivate init(_ findings: [DriftFinding], name: String) {
        self.init(
            partner: findings[0].partner, partnerName: name,
            changes: findings.map { finding in
                Change(
                    id: finding.id, route: finding.route, text: finding.text, firstSeen: finding.firstSeen,
                    hostsSeeing: finding.hostsSeeing, hostsCalling: finding.hostsCalling, sample: finding.samples.first)
            })
    }
}
