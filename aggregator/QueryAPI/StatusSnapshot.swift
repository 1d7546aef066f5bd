import CallModel
import Detection
import PartnerCatalog

/// The state of every partner at one moment, with everything the status documents say of it.
public struct StatusSnapshot: Sendable {
    public struct Partner: Sendable {
        public var id: String
        public var name: String
        public var verdict: PartnerVerdict
        public var routes: [Share]
        public var hosts: [Share]
        public var customers: [Share]
        public var regions: [Region]
        /// What its own status page says, while it has an incident; nil where it is not known.
        public var says: String?
        /// How far what the catalogue tells of it can be trusted.
        public var facts: PartnerFacts

        public init(
            id: String, name: String, verdict: PartnerVerdict, routes: [Share] = [], hosts: [Share] = [],
            customers: [Share] = [], regions: [Region] = [], says: String? = nil,
            facts: PartnerFacts = .derived
        ) {
            self.id = id
            self.name = name
            self.verdict = verdict
            self.routes = routes
            self.hosts = hosts
            self.customers = customers
            self.regions = regions
            self.says = says
            self.facts = facts
        }
    }

    /// A partner as one of our regions sees it.
    public struct Region: Sendable {
        public var name: String
        public var status: PartnerStatus
        public var calls: Int64
        public var failures: Int64

        public init(name: String, status: PartnerStatus, calls: Int64, failures: Int64) {
            self.name = name
            self.status = status
            self.calls = calls
            self.failures = failures
        }
    }

    /// One route, host or customer of a partner: its calls of the last minutes, and how many failed.
    public struct Share: Sendable {
        public var name: String
        public var calls: Int64
        public var failures: Int64

        public init(name: String, calls: Int64, failures: Int64) {
            self.name = name
            self.calls = calls
            self.failures = failures
        }
    }

    public struct Outage: Sendable {
        public var partner: String
        public var partnerName: String
        public var startedAt: Instant
        public var endedAt: Instant?
        public var status: String
        public var worst: String
        public var reason: String
        public var callsFailed: Int64

        public init(
            partner: String, partnerName: String, startedAt: Instant, endedAt: Instant?, status: String, worst: String,
            reason: String, callsFailed: Int64
        ) {
            self.partner = partner
            self.partnerName = partnerName
            self.startedAt = startedAt
            self.endedAt = endedAt
            self.status = status
            self.worst = worst
            self.reason = reason
            self.callsFailed = callsFailed
        }

        /// The partner and the second in which it began: no two outages of a partner share it.
        public var id: String { "\(partner)-\(startedAt.secondsSinceEpoch)" }
    }

    public struct TroubledHost: Sendable {
        public var host: String
        public var since: Instant
        public var calls: Int64
        public var callsFailed: Int64
        public var partnersAffected: Int

        public init(host: String, since: Instant, calls: Int64, callsFailed: Int64, partnersAffected: Int) {
            self.host = host
            self.since = since
            self.calls = calls
            self.callsFailed = callsFailed
            self.partnersAffected = partnersAffected
        }
    }

    public var asOf: Instant
    public var hostsReporting: Int
    public var hostsSilent: Int
    /// Sorted by id.
    public var partners: [Partner]
    /// Newest first.
    public var outages: [Outage]
    public var troubledHosts: [TroubledHost]
    /// What the hosts see by themselves, and what they do not.
    public var coverage: FleetCoverage

    public init(
        asOf: Instant, hostsReporting: Int, hostsSilent: Int, partners: [Partner], outages: [Outage],
        troubledHosts: [TroubledHost], coverage: FleetCoverage = FleetCoverage()
    ) {
        self.asOf = asOf
        self.hostsReporting = hostsReporting
        self.hostsSilent = hostsSilent
        self.partners = partners
        self.outages = outages
        self.troubledHosts = troubledHosts
        self.coverage = coverage
    }

    public static func empty(asOf: Instant) -> StatusSnapshot {
        StatusSnapshot(asOf: asOf, hostsReporting: 0, hostsSilent: 0, partners: [], outages: [], troubledHosts: [])
    }

    /// The worst of all partners, in the words of status pages.
    var indicator: String {
        let worst = partners.map(\.verdict.status.rank).max() ?? 0
        return ["none", "minor", "major", "critical"][worst]
    }

    var description: String {
        let troubled = partners.filter(\.verdict.status.isTrouble)
        switch troubled.count {
        case 0: return "No partner is known to be in trouble"
        case 1:
            let words = troubled[0].verdict.status.rawValue.split(separator: "_").joined(separator: " ")
            return "\(troubled[0].name): \(words)"
        default: return "\(troubled.count) partners are in trouble"
        }
    }
}
