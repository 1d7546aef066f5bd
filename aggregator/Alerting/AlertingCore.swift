import CallModel
import Incidents

/// News of an incident, with the incident as it is now.
public struct AlertEvent: Sendable {
    public var kind: IncidentCore.Event.Kind
    public var report: IncidentReport

    public init(kind: IncidentCore.Event.Kind, report: IncidentReport) {
        self.kind = kind
        self.report = report
    }
}

/// Decides who hears of an incident, when, and when again.
///
/// Incidents' events and people's actions come in, messages that are due go out. For each incident one message is *pending* at
/// most: later events replace what an earlier one would have said, so what waits is bounded by the number of incidents.
/// **A storm cannot happen:** every message takes a token from a bucket of `burstMax` that refills with `perHourMax`, and one
/// incident has `messagesPerIncidentMax`; whatever comes in, no hour sees more than the sum of both. What is severest goes
/// first. An incident that nobody was told of (silenced, or over before its turn) is never reported as resolved, and room for
/// the end is kept for every channel that heard of the beginning.
///
/// Each incident has a time at which something may fall due (`wakes`); only those that are due are looked at.
public struct AlertingCore: Sendable {
    struct Wake: Sendable, Equatable {
        var at: Instant
        var severity: Incident.Severity
        /// Nothing but a token is wanting.
        var waits = false
    }

    public private(set) var configuration: Configuration
    public private(set) var quiets: [Quiet] = []
    /// Messages that were merged into another, held back by a quiet time, or refused by a limit; and those given out.
    public internal(set) var gatheredCount = 0
    public internal(set) var heldCount = 0
    public internal(set) var refusedCount = 0
    public internal(set) var sentCount = 0
    /// Those of the API, and all by name.
    private(set) var ownersByName: [String: Owner] = [:]
    private var owners: [Owner] = []
    private var ownersGiven: [Owner]?
    var allOwners: [Owner] { owners }
    var threads: [Int64: AlertThread] = [:]
    var wakes: [Int64: Wake] = [:]
    /// By owner: when one of its incidents was told as opened, and when those that wait are told.
    var groupsToldAt: [String: Instant] = [:]
    var groupsDueAt: [String: Instant] = [:]
    var bucket: TokenBucket

    public init(configuration: Configuration = Configuration()) {
        let configuration = configuration.workable
        self.configuration = configuration
        bucket = TokenBucket(burstMax: configuration.burstMax, perHourMax: configuration.perHourMax)
        replace(owners: [], at: .epoch)
    }

    // MARK: What happens

    public mutating func handle(_ event: AlertEvent, at now: Instant) -> [Message] {
        let id = event.report.id
        guard !event.report.isQuiet, threads[id] != nil || event.kind != .resolved else { return [] }
        guard threads[id] != nil || threads.count < configuration.incidentsMax else {
            refusedCount += 1
            return []
        }
        take(event.report, at: now)
        let why = event.report.timeline.last?.what ?? event.kind.rawValue
        let delay = threads[id].flatMap { steps(of: $0).first?.after } ?? .zero
        change(id) { thread, configuration in
            switch event.kind {
            case .opened: return thread.propose(.opened, why, dueAt: now + delay)
            case .reopened:
                thread.unacknowledge(at: now)
                return thread.propose(.updated, why, dueAt: now)
            // Acknowledged is not deaf: a rise speaks up, and ends a resolution that was only declared.
            case .escalated:
                if thread.closedBy != nil { thread.unacknowledge(at: now) }
                return thread.propose(.escalated, why, dueAt: now)
            case .updated:
                guard !thread.isOver else { return false }
                let dueAt = (thread.lastSentAt ?? now) + configuration.updateInterval
                return thread.propose(.updated, why, dueAt: dueAt)
            case .resolved:
                guard thread.closedBy == nil else { return false }
                return thread.propose(.resolved, why, dueAt: now)
            }
        }
        return touch(id, at: now)
    }

    /// Figures have changed. That is no news by itself; the next message tells them. A new region, a second trouble or a rise
    /// that weights give it are found by the next `advance`.
    public mutating func refresh(_ report: IncidentReport) {
        guard let thread = threads[report.id] else { return }
        take(report, at: thread.lastSentAt ?? report.openedAt)
        wakes[report.id] = Wake(at: .distantPast, severity: thread.report.severity)
    }

    // MARK: What holds

    /// Silences and maintenances as they are now; those beyond `quietsMax` are left out, and counted.
    public mutating func replace(quiets: [Quiet]) {
        refusedCount += max(0, quiets.count - configuration.quietsMax)
        self.quiets = Array(quiets.prefix(configuration.quietsMax))
        wakeAll()
    }

    /// Owners made by the API, as they are now; costs nothing where they are what they were.
    public mutating func replace(owners: [Owner], at now: Instant) {
        guard owners != ownersGiven else { return }
        ownersGiven = owners
        let ours = Set(configuration.owners.map(\.name))
        let all = configuration.owners + owners.filter { !ours.contains($0.name) }.sorted { $0.name < $1.name }
        refusedCount += max(0, all.count - Owner.countMax)
        self.owners = Array(all.prefix(Owner.countMax))
        ownersByName = Dictionary(self.owners.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        for id in threads.keys { findOwner(id, at: now) }
        wakeAll()
    }

    /// Other settings from now on: owners, routes, weights, hours and limits count for what is open, too; what was
    /// told stays told.
    public mutating func replace(configuration: Configuration, at now: Instant) {
        self.configuration = configuration.workable
        bucket = TokenBucket(
            burstMax: self.configuration.burstMax, perHourMax: self.configuration.perHourMax, tokens: bucket.tokens,
            refilledAt: bucket.refilledAt)
        let given = ownersGiven ?? []
        ownersGiven = nil
        replace(owners: given, at: now)
    }

    private mutating func wakeAll() {
        for id in wakes.keys { wakes[id]?.at = .distantPast }
    }

    // MARK: What is due

    public mutating func advance(to now: Instant) -> [Message] {
        // In a storm all but a few wait for tokens: those are left alone until there are some.
        let isStorm = !bucket.holds(1, at: now)
        let due = wakes.filter { $0.value.at <= now && !(isStorm && $0.value.waits) }.sorted {
            ($0.value.severity, $1.key) > ($1.value.severity, $0.key)
        }
        var sent = tellGroups(at: now)
        for (id, wake) in due where !wake.waits || bucket.holds(1, at: now) { sent += touch(id, at: now) }
        return sent
    }

    /// When something may fall due though nothing happens; nil where nothing is open.
    public func nextDeadline(after now: Instant) -> Instant? {
        [wakes.values.map(\.at).min(), groupsDueAt.values.min()].compactMap { $0 }.min().map {
            max($0, now + .seconds(1))
        }
    }

    // MARK: Incidents

    mutating func take(_ report: IncidentReport, at now: Instant) {
        let (severity, rank) = severity(of: report)
        var shown = favoured(report)
        shown.severity = severity
        shown = shown.asDocumented()
        if var thread = threads.removeValue(forKey: report.id) {
            // Whose it is goes by the cause, not by whoever it hurts next.
            if thread.assignedBy == nil, !thread.report.hasCause(of: shown) { thread.owner = ownerName(of: shown) }
            (thread.report, thread.rank) = (shown, rank)
            thread.showPage()
            threads[report.id] = thread
            return
        }
        threads[report.id] = AlertThread(report: shown, rank: rank, owner: ownerName(of: shown), stepSince: now)
    }

    mutating func change(_ id: Int64, _ body: (inout AlertThread, Configuration) -> Bool) {
        guard var thread = threads.removeValue(forKey: id) else { return }
        if body(&thread, configuration) { gatheredCount += 1 }
        threads[id] = thread
    }
}

extension AlertingCore {
    /// Whose an incident is, assignment aside: by the first route that names an owner, else by the owners' own matchers, those
    /// of the most.
    func ownerName(of report: IncidentReport) -> String? {
        if let owner = route(of: report)?.owner { return owner }
        var best: Owner?
        for owner in allOwners where !owner.matchers.isEmpty && owner.matchers.match(report, owner: nil) {
            if owner.matchers.count > best?.matchers.count ?? 0 { best = owner }
        }
        return best?.name
    }

    /// Whose it is by now, assignment aside. Who answers for it from now on hears of what is open and not acknowledged; what
    /// nobody was told of goes to them when it is due.
    private mutating func findOwner(_ id: Int64, at now: Instant) {
        guard var thread = threads.removeValue(forKey: id) else { return }
        defer { threads[id] = thread }
        let owner = ownerName(of: thread.report)
        guard thread.assignedBy == nil, owner != thread.owner else { return }
        thread.owner = owner
        guard thread.stepSince != nil else { return }
        (thread.step, thread.stepSince) = (1, now)
        guard thread.isToldOpen, !thread.isOver,
            channels(of: thread, at: now).contains(where: { !thread.heard.contains($0) })
        else { return }
        let reason = owner.map { "\($0) owns it from now on" } ?? "nobody owns it any more"
        if thread.propose(.updated, reason, dueAt: now) { gatheredCount += 1 }
    }

    func route(of report: IncidentReport) -> AlertRoute? {
        configuration.routes.first { $0.matchers.match(report, owner: nil) }
    }
}

extension IncidentReport {
    fileprivate func hasCause(of other: IncidentReport) -> Bool {
        kind == other.kind && severity == other.severity && partners == other.partners && predicate == other.predicate
    }
}

extension AlertingCore.Configuration {
    /// With limits that an escalation of the most steps fits in.
    fileprivate var workable: Self {
        var workable = self
        workable.burstMax = max(burstMax, Double(Step.countMax))
        workable.messagesPerIncidentMax = max(messagesPerIncidentMax, 2 * Step.countMax)
        if fallback.isEmpty { workable.fallback = [Step("default")] }
        return workable
    }
}

extension Instant {
    static let distantPast = Instant(nanosecondsSinceEpoch: .min)
}
