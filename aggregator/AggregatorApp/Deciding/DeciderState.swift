import Alerting
import CallModel
import Detection
import Incidents
import Logging
import Postgres
import Rollups
import Storage

/// What the holder of the lease knows and decides with: the cores, and how far each writer's flushes are taken in.
///
/// Reading is in `DeciderState+Rebuild`, writing in `DeciderState+Write`, the status documents in `DeciderState+Snapshot`.
struct DeciderState {
    /// Calls that started longer ago change history, never verdicts.
    static let lateMax: Duration = .seconds(60)
    /// Whoever begins to decide lives through so much again, or less where much was counted.
    static let replayTime: Duration = .seconds(7_200)

    let epoch: Int64
    private(set) var settings: DecidingSettings
    let storage: Storage
    var core: IncidentCore
    var alerting: AlertingCore
    var figures = FleetFigures()
    var board = StatusBoard()
    var outages = OutageLog()
    /// The last flush of each writer that was taken in.
    var positions: [Int32: Int64] = [:]
    /// Weighted calls that came too late to be judged.
    private(set) var lateCalls: Int64 = 0
    private(set) var damagedBlockCount = 0
    /// Silences, maintenances and owners of the API that this release cannot read: they hold nothing and are told
    /// nothing.
    var unreadable = Unreadable()

    struct Unreadable: Equatable {
        var quietCount = 0
        var ownerCount = 0
    }

    // What this round has to write.
    var changed: Set<Int64> = []
    var messages: [Message] = []
    var changedOutages: [OutageLog.Outage] = []
    var finishedActions: [(id: Int64, refused: String?)] = []
    /// Of incidents that were opened here: calls that failed, and what they have in common.
    var evidence: [Int64: IncidentEvidence] = [:]
    private var refusedActionCount = 0
    /// Rows of incidents that the core knows nothing of any more: they are closed with the next write.
    var forgotten: [IncidentRecord] = []
    /// Those that are open in the database.
    var storedOpen: Set<Int64> = []
    private var refreshedAt = Instant.epoch
    private static let refreshPeriod: Duration = .seconds(5)
    private var news: [(what: String, metadata: Logger.Metadata)] = []

    // What is done seldom.
    var learnedSavedAt: Instant
    var openWrittenAt = Instant.epoch
    var quietsReadAt = Instant.epoch
    var decisionsWrittenAt = Instant.epoch
    /// How many were published, and of when the last: what is the same need not be published again.
    var decisionsPublished = (count: 0, lastAt: Instant.epoch)
    var maintenances: [Quiet] = []

    init(
        epoch: Int64, _ settings: DecidingSettings, _ storage: Storage, _ core: IncidentCore, _ alerting: AlertingCore,
        at now: Instant
    ) {
        self.epoch = epoch
        self.settings = settings
        self.storage = storage
        self.core = core
        self.alerting = alerting
        learnedSavedAt = now
    }

    var partnerCount: Int { board.verdicts.count }
    var openCount: Int { core.open.count }

    /// How incidents are found stays as it is until the next start: what was learned was learned with it.
    mutating func use(_ settings: DecidingSettings, at now: Instant) {
        var settings = settings
        settings.incidents = self.settings.incidents
        self.settings = settings
        alerting.replace(configuration: settings.alerting, at: now)
    }

    mutating func refused(_ count: Int) { refusedActionCount += count }

    /// Since it was asked last.
    mutating func takeRefusedActionCount() -> Int {
        defer { refusedActionCount = 0 }
        return refusedActionCount
    }

    /// For the log, with the next that is written.
    mutating func note(_ what: String, _ metadata: Logger.Metadata) { news.append((what, metadata)) }

    // MARK: Calls

    /// Takes in what a flush counted. Late calls count in the history, but are not judged.
    mutating func take(_ block: CommittedBlock, at now: Instant) {
        figures.observe(block.block, at: now)
        // By the writer's clock, by which the hosts' were corrected.
        let oldest = min(now, block.receivedAt) - Self.lateMax
        for var cell in CallCell.cells(of: block.block) {
            guard cell.time >= oldest else {
                lateCalls += Int64(cell.count)
                continue
            }
            // A host whose clock runs ahead by more than its batches tell.
            if cell.time > now { cell.time = now }
            core.observe(cell)
        }
        positions[block.writer] = block.flush
        if block.isDamaged {
            damagedBlockCount += 1
            news.append(
                ("counts cannot be read and are not judged", ["writer": "\(block.writer)", "flush": "\(block.flush)"]))
        }
    }

    // MARK: Time

    /// - Parameter find: looks for calls that failed by an incident.
    mutating func advance(
        to now: Instant, isBlind: Bool, silentHosts: Set<NameID>, find: (Incident, DeciderState) -> IncidentEvidence
    ) {
        core.silentHosts = silentHosts
        let events = core.advance(to: now, isBlind: isBlind)
        for event in events where !event.incident.isQuiet && isNewCause(event) {
            evidence[event.incident.id] = find(event.incident, self)
        }
        forgetEvidence()
        handle(events, at: now)
        if now - refreshedAt >= Self.refreshPeriod {
            refreshedAt = now
            for incident in core.open where !incident.isQuiet { alerting.refresh(report(incident)) }
        }
        messages += alerting.advance(to: now)
        judge(at: now)
        for outage in outages.update(board.verdicts, at: now) {
            changedOutages.append(outage)
            tell(outage)
        }
    }

    /// Whether what was found out about it before is not there, or was of another cause.
    private func isNewCause(_ event: IncidentCore.Event) -> Bool {
        switch event.kind {
        case .opened, .reopened: true
        case .updated: evidence[event.incident.id]?.scope != event.incident.scope
        case .escalated, .resolved: false
        }
    }

    private mutating func forgetEvidence() {
        guard evidence.count > 2 * settings.incidents.openMax else { return }
        let open = Set(core.open.map(\.id))
        evidence = evidence.filter { open.contains($0.key) }
    }

    /// What the core says has happened, to those who are told.
    mutating func handle(_ events: [IncidentCore.Event], at now: Instant) {
        for event in events {
            changed.insert(event.incident.id)
            tell(event)
            messages += alerting.handle(AlertEvent(kind: event.kind, report: report(event.incident)), at: now)
        }
    }

    func judge(_ board: inout StatusBoard, at now: Instant) {
        board.judge(figures, core, underMaintenance: underMaintenance(at: now), at: now)
    }

    private mutating func judge(at now: Instant) {
        figures.settle(at: now)
        var board = board
        judge(&board, at: now)
        self.board = board
        let verdicts = board.verdicts
        figures.learn(at: now, without: core.hostsSetAside) { verdicts[$0]?.status.isTrouble ?? false }
    }

    private func underMaintenance(at now: Instant) -> Set<NameID> {
        let names = maintenances.filter { $0.kind == .partnerMaintenance && $0.from <= now && now < $0.until }
            .flatMap { quiet in
                quiet.matchers.filter { $0.dimension == .partner && $0.test == .equal }.flatMap(\.values)
            }
        return Set(names.compactMap { storage.names.id(of: $0, .partner) })
    }

    // MARK: Words

    func name(_ id: NameID, _ dimension: Dimension) -> String {
        storage.names.name(of: id, NameKind(dimension)) ?? "{unknown}"
    }

    func report(_ incident: Incident) -> IncidentReport {
        IncidentReport(
            incident, names: name, partnerName: settings.partnerName, samples: evidence[incident.id]?.samples ?? [],
            explanation: evidence[incident.id]?.explanation ?? [])
    }

    /// One line for the log for every change that people are told of.
    private mutating func tell(_ event: IncidentCore.Event) {
        let report = report(event.incident)
        news.append(
            (
                "incident \(event.kind.rawValue)",
                [
                    "incident": "\(report.id)", "title": "\(report.title)", "severity": "\(report.severity.name)",
                    "why": "\(report.timeline.last?.what ?? "")",
                ]
            ))
    }

    private mutating func tell(_ outage: OutageLog.Outage) {
        news.append(
            (
                outage.endedAt == nil ? "a partner is in trouble" : "a partner is out of trouble",
                [
                    "partner": "\(name(outage.partner, .partner))", "status": "\(outage.status.rawValue)",
                    "reason": "\(outage.reason)",
                ]
            ))
    }

    mutating func takeNews() -> [(what: String, metadata: Logger.Metadata)] {
        defer { news = [] }
        return news
    }

    var decisions: [DecisionText] {
        core.decisions.map { decision in
            DecisionText(
                at: decision.at, partner: decision.partner == 0 ? nil : name(decision.partner, .partner),
                reason: decision.reason)
        }
    }
}

extension NameKind {
    init(_ dimension: Dimension) {
        switch dimension {
        case .partner: self = .partner
        case .route: self = .route
        case .region: self = .region
        case .host: self = .host
        case .customer: self = .customer
        case .serviceVersion: self = .serviceVersion
        case .network: self = .network
        }
    }
}
