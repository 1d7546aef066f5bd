import CallModel
import Detection
import Rollups

/// The status of every partner: what the open incidents say of it, with the figures of the last minutes.
///
/// Only an incident whose cause is the partner's puts it down. What fails for a reason of ours leaves it as it is, or hides it:
/// then it is `unknown`, never green. A status once given is kept while its incident hovers around a threshold.
public struct StatusBoard: Sendable {
    public struct Configuration: Sendable {
        /// A partner with fewer calls in five minutes, and in a quarter of an hour, is unknown.
        public var callsMin: Int64 = 20
        /// Shares of an incident's calls that fail, from which on its partner is in a partial or a major outage.
        public var partialShare = 0.2
        public var majorShare = 0.75
        /// A status is taken back below this part of its threshold.
        public var keptBelow = 0.7

        public init() {}
    }

    public let configuration: Configuration
    public private(set) var verdicts: [NameID: PartnerVerdict] = [:]

    public init(configuration: Configuration = Configuration()) { self.configuration = configuration }

    /// - Parameter underMaintenance: partners that have said so, or for whom it was said.
    public mutating func judge(
        _ figures: FleetFigures, _ core: IncidentCore, underMaintenance: Set<NameID> = [], at now: Instant
    ) {
        let told = core.open.filter { !$0.isQuiet }
        let sick = core.hostsSetAside
        for partner in figures.partners {
            let before = verdicts[partner]
            var verdict = verdict(
                partner, figures.figures(of: partner, at: now, without: sick),
                told.filter { $0.concerns(partner) }, before)
            if underMaintenance.contains(partner) {
                verdict.status = .underMaintenance
                verdict.reason = "under maintenance; " + verdict.reason
            }
            verdict.since = since(verdict, before, told, at: now)
            verdict.regions = regions(of: partner, verdict, figures.regions(of: partner, at: now), told)
            verdicts[partner] = verdict
        }
    }

    /// Puts back in which state a partner has been, and since when, as it was known before a restart: to be called before the
    /// first `judge`, which keeps what it would have kept.
    public mutating func restore(partner: NameID, status: PartnerStatus, since: Instant, _ core: IncidentCore) {
        var verdict = PartnerVerdict(status: status, since: since, figures: FleetFigures.Partner(), reason: "")
        verdict.incident = core.open.first { !$0.isQuiet && $0.kind.isTheirs && $0.concerns(partner) }?.id
        verdicts[partner] = verdict
    }

    private func since(_ verdict: PartnerVerdict, _ before: PartnerVerdict?, _ told: [Incident], at now: Instant)
        -> Instant
    {
        if let before, before.status == verdict.status { return before.since }
        // Trouble began with its first failure, not when it was noticed.
        if verdict.status.isTrouble, before?.status.isTrouble != true {
            return told.first { $0.id == verdict.incident }?.startedAt ?? now
        }
        return now
    }

    // MARK: One partner

    private func verdict(
        _ partner: NameID, _ figures: FleetFigures.Partner, _ incidents: [Incident], _ before: PartnerVerdict?
    ) -> PartnerVerdict {
        var verdict = PartnerVerdict(status: .operational, since: .epoch, figures: figures, reason: "")
        let theirs = incidents.filter(\.kind.isTheirs).map { ($0, status(of: $0, figures, before)) }
        if let (incident, status) = theirs.max(by: { ($0.1.rank, $1.0.id) < ($1.1.rank, $0.0.id) }) {
            verdict.status = status
            verdict.incident = incident.id
            verdict.reason = incident.figures
            verdict.hostsAffected = figures.hostsFailing
            verdict.customersAffected = figures.customersFailing
            return verdict
        }
        verdict.incident = incidents.first?.id
        if let reason = hidden(figures, incidents) {
            (verdict.status, verdict.reason) = (.unknown, reason)
        } else if figures.callsOfFiveMinutes < configuration.callsMin, figures.callsOfQuarter < configuration.callsMin {
            verdict.status = .unknown
            verdict.reason = "\(figures.callsOfQuarter) calls in a quarter of an hour are too few to judge by"
        } else if let incident = incidents.first {
            verdict.reason = "\(incident.figures), for a reason of ours (\(incident.kind.words))"
        } else {
            let normal = figures.baselineFailureRatio.map { ", \(percent($0)) is normal" } ?? ""
            verdict.reason = "\(figures.failures) of \(figures.calls) calls of the last minute failed\(normal)"
        }
        return verdict
    }

    /// Why nothing can be said of it.
    private func hidden(_ figures: FleetFigures.Partner, _ incidents: [Incident]) -> String? {
        if figures.isHidden { return "every host that calls it has trouble with its own network" }
        let isOurNetwork = incidents.contains { $0.kind == .network || ($0.kind == .host && $0.scope.partner == 0) }
        guard isOurNetwork, figures.failureRatio ?? 0 >= 0.5 else { return nil }
        return "our own network fails, and most calls with it"
    }

    private func status(of incident: Incident, _ figures: FleetFigures.Partner, _ before: PartnerVerdict?)
        -> PartnerStatus
    {
        if incident.silence != nil { return .partialOutage }
        if incident.groups[0] == .slow { return .degradedPerformance }
        let share = max(incident.recovery.share, incident.extent.share)
        let isWide = incident.scope.narrowing.allSatisfy { $0 == .network }
        let held = before?.incident == incident.id ? before?.status.rank ?? 0 : 0
        func reaches(_ share: Double, _ threshold: Double, _ rank: Int) -> Bool {
            share >= threshold * (held >= rank ? configuration.keptBelow : 1)
        }
        let majorShare = isWide ? share : figures.failureRatio ?? 0
        if reaches(majorShare, configuration.majorShare, 3) { return .majorOutage }
        return reaches(share, configuration.partialShare, 2) ? .partialOutage : .degradedPerformance
    }
}

extension Incident {
    /// Whether its cause touches a partner.
    func concerns(_ partner: NameID) -> Bool { partners.isEmpty ? scope.partner == 0 : partners.contains(partner) }

    /// What it counted, in one sentence.
    var figures: String {
        if silence != nil { return "no calls since \(startedAt.rfc3339)" }
        return
            "\(Int64(extent.failures)) of \(Int64(extent.calls)) calls \(groups[0].verb), \(percent(extent.usualShare)) is "
            + "normal"
    }
}

extension IncidentCore {
    /// Hosts whose own network fails: what they see says nothing of partners.
    public var hostsSetAside: Set<NameID> {
        Set(open.lazy.filter { $0.kind == .host && $0.scope.partner == 0 && $0.scope.host != 0 }.map(\.scope.host))
    }
}

extension CauseKind {
    /// For sentences.
    public var words: String { rawValue.split(separator: "_").joined(separator: " ") }
}

func percent(_ ratio: Double) -> String {
    let tenths = (ratio * 1_000).rounded()
    return "\(tenths / 10) %"
}
