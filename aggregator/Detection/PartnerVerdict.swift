import CallModel
import Rollups

/// A partner's state in the words of status pages, worst last.
public enum PartnerStatus: String, Sendable, CaseIterable {
    case operational
    case degradedPerformance = "degraded_performance"
    case partialOutage = "partial_outage"
    case majorOutage = "major_outage"
    case underMaintenance = "under_maintenance"
    /// Too little was seen to say.
    case unknown
}

extension PartnerStatus {
    /// Whether something is wrong with the partner.
    public var isTrouble: Bool {
        switch self {
        case .degradedPerformance, .partialOutage, .majorOutage: true
        case .operational, .underMaintenance, .unknown: false
        }
    }

    /// How bad it is; what is no trouble is 0.
    public var rank: Int {
        switch self {
        case .operational, .underMaintenance, .unknown: 0
        case .degradedPerformance: 1
        case .partialOutage: 2
        case .majorOutage: 3
        }
    }
}

/// What is said of one partner, with the figures it rests on.
public struct PartnerVerdict: Sendable, Equatable {
    public struct Region: Sendable, Equatable {
        public var region: NameID
        public var status: PartnerStatus
        public var calls: Int64
        public var failures: Int64

        public init(region: NameID, status: PartnerStatus, calls: Int64, failures: Int64) {
            self.region = region
            self.status = status
            self.calls = calls
            self.failures = failures
        }
    }

    public var status: PartnerStatus
    /// When this status began.
    public var since: Instant
    public var figures: FleetFigures.Partner
    /// Why the status is what it is, in one sentence with its figures.
    public var reason: String
    /// The open incident that concerns it most.
    public var incident: Int64?
    /// Of our regions, those that called it in the last minute.
    public var regions: [Region] = []
    public var hostsAffected = 0
    public var customersAffected = 0

    public init(status: PartnerStatus, since: Instant, figures: FleetFigures.Partner, reason: String) {
        self.status = status
        self.since = since
        self.figures = figures
        self.reason = reason
    }
}
