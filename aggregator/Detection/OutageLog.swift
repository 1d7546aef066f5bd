import CallModel
import Rollups

/// Turns changing verdicts into outages: stretches of time in which a partner was in trouble, one at a time each.
public struct OutageLog: Sendable {
    public struct Outage: Sendable, Equatable {
        public var partner: NameID
        public var startedAt: Instant
        public var endedAt: Instant?
        /// At the end, or now.
        public var status: PartnerStatus
        public var worst: PartnerStatus
        public var reason: String
        /// The most calls that failed within one minute of it.
        public var callsFailed: Int64

        public init(
            partner: NameID, startedAt: Instant, endedAt: Instant?, status: PartnerStatus, worst: PartnerStatus,
            reason: String, callsFailed: Int64
        ) {
            self.partner = partner
            self.startedAt = startedAt
            self.endedAt = endedAt
            self.status = status
            self.worst = worst
            self.reason = reason
            self.callsFailed = callsFailed
        }
    }

    public private(set) var open: [NameID: Outage]

    /// - Parameter open: those that were under way when this began, as they were recorded.
    public init(open: [Outage] = []) {
        self.open = Dictionary(open.map { ($0.partner, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Returns the outages that began, changed or ended with these verdicts.
    public mutating func update(_ verdicts: [NameID: PartnerVerdict], at now: Instant) -> [Outage] {
        var changed: [Outage] = []
        for (partner, outage) in open where verdicts[partner]?.status.isTrouble != true {
            var ended = outage
            ended.endedAt = now
            ended.status = verdicts[partner]?.status ?? .unknown
            open[partner] = nil
            changed.append(ended)
        }
        for (partner, verdict) in verdicts where verdict.status.isTrouble {
            guard var outage = open[partner] else {
                let began = Outage(
                    partner: partner, startedAt: verdict.since, endedAt: nil, status: verdict.status,
                    worst: verdict.status,
                    reason: verdict.reason, callsFailed: verdict.figures.callsFailed)
                open[partner] = began
                changed.append(began)
                continue
            }
            let isNews = outage.status != verdict.status
            outage.status = verdict.status
            if verdict.status.rank > outage.worst.rank {
                outage.worst = verdict.status
                outage.reason = verdict.reason
            }
            outage.callsFailed = max(outage.callsFailed, verdict.figures.callsFailed)
            open[partner] = outage
            if isNews { changed.append(outage) }
        }
        return changed
    }
}
