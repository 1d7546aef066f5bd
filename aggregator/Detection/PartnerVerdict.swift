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

/// What the last minutes say of one partner, with the figures it rests on.
public struct PartnerVerdict: Sendable, Equatable {
    public var status: PartnerStatus
    /// When this status began.
    public var since: Instant
    public var callsPerMinute: Double
    /// Of the calls that count: outbound, on hosts whose own network works.
    public var failureRatio: Double?
    public var baselineFailureRatio: Double?
    public var p50Ms: Double?
    public var p95Ms: Double?
    public var baselineP95Ms: Double?
    public var hostsAffected: Int
    public var hostsCalling: Int
    public var customersAffected: Int
    /// Calls of the last minute that failed, those of hosts set aside included.
    public var callsFailed: Int64
    /// Why the status is what it is, in one sentence with its figures.
    public var reason: String
}

/// A host of ours whose calls fail whatever partner they go to.
public struct HostTrouble: Sendable, Equatable {
    public var host: NameID
    public var since: Instant
    public var callsFailed: Int64
    public var calls: Int64
    public var partnersAffected: Int
}
