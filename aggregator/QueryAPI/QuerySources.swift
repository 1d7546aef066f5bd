import CallModel
import Drift
import Impact
import Storage

/// Where the API gets what it answers: closures, handed in by the app.
public struct QuerySources: Sendable {
    /// The latest status known to this process.
    public var status: @Sendable () -> PublishedStatus?
    public var searchCalls: @Sendable (CallFilter) async throws -> [StoredCall]
    public var call: @Sendable (_ id: String) async throws -> StoredCall?
    public var hosts: @Sendable () -> [HostEntry]
    public var metrics: @Sendable () -> [UInt8]
    /// Why the program is not ready to serve; nil when it is.
    public var unreadiness: @Sendable () -> String?
    /// Scopes and name of a token; nil for one that is unknown, expired or revoked.
    public var authorize: @Sendable (_ token: String) -> (scopes: Set<TokenScope>, name: String)?
    public var audit: @Sendable (_ who: String, _ what: String, _ detail: String) -> Void
    public var version: String

    // Those below have a harmless default, so that tests and tools give only what they need.

    /// A page of calls, looked into where the filter says so.
    public var callPage: @Sendable (CallFilter) async throws -> CallPage = { _ in CallPage() }
    public var trace: @Sendable (TraceID) async throws -> [StoredCall] = { _ in [] }
    public var arrivals: @Sendable (ArrivalPosition) async throws -> Arrivals = {
        Arrivals(calls: [], skippedCount: 0, position: $0)
    }
    /// Where what has arrived ends now.
    public var arrivalsEnd: @Sendable (_ now: Instant) async throws -> ArrivalPosition = { _ in
        ArrivalPosition(since: .epoch)
    }
    /// The first calls of what arrived while a reader was away.
    public var arrivalsInRange: @Sendable (ArrivalRange) async throws -> [StoredCall] = { _ in [] }
    public var arrivalCount: @Sendable (ArrivalRange) async throws -> Int = { _ in 0 }
    public var volume: @Sendable (VolumeFilter) async throws -> [VolumeCount] = { _ in [] }
    /// The history of every partner, made once a minute.
    public var history: @Sendable () -> HistorySnapshot? = { nil }
    public var auditEntries: @Sendable (_ before: Int64?, _ limit: Int) async throws -> [AuditEntry] = { _, _ in [] }
    /// Stores evidence; false when as much is kept as may be.
    public var storeEvidence: @Sendable (EvidenceRecord) async throws -> Bool = { _ in false }
    public var evidenceList: @Sendable () async throws -> [EvidenceRecord] = { [] }
    public var evidence: @Sendable (_ id: String) async throws -> EvidenceRecord? = { _ in nil }
    public var removeEvidence: @Sendable (_ id: String) async throws -> Bool = { _ in false }
    /// The whole catalogue as JSON, made when the settings were read.
    public var catalogue: @Sendable () -> PublishedStatus.Document = { PublishedStatus.Document([]) }
    public var incidents = IncidentSources()
    public var quiets = QuietSources()
    public var owners = OwnerSources()
    public var shares = ShareSources()
    /// What partners changed without telling, newest first.
    public var drifts: @Sendable (DriftFilter) async throws -> [DriftFinding] = { _ in [] }
    /// Works something out from samples of stored calls, where that may take seconds.
    public var workOut:
        @Sendable (_ work: @escaping @Sendable (CallSamples) throws -> Explained) async throws -> Explained = {
            try $0(CallSamples())
        }

    public init(
        status: @escaping @Sendable () -> PublishedStatus?,
        searchCalls: @escaping @Sendable (CallFilter) async throws -> [StoredCall],
        call: @escaping @Sendable (String) async throws -> StoredCall?, hosts: @escaping @Sendable () -> [HostEntry],
        metrics: @escaping @Sendable () -> [UInt8], unreadiness: @escaping @Sendable () -> String?,
        authorize: @escaping @Sendable (String) -> (scopes: Set<TokenScope>, name: String)?,
        audit: @escaping @Sendable (String, String, String) -> Void, version: String
    ) {
        self.status = status
        self.searchCalls = searchCalls
        self.call = call
        self.hosts = hosts
        self.metrics = metrics
        self.unreadiness = unreadiness
        self.authorize = authorize
        self.audit = audit
        self.version = version
    }
}

/// Shares of evidence: see `ShareStore`.
public struct ShareSources: Sendable {
    /// Off until the operator's settings allow it.
    public var areAllowed = false
    public var create: @Sendable (ShareRecord, _ keyHash: [UInt8]) async throws -> ShareStore.Creation = { _, _ in
        .noEvidence
    }
    public var list: @Sendable () async throws -> [ShareRecord] = { [] }
    public var read: @Sendable (_ id: String) async throws -> ShareRecord? = { _ in nil }
    public var change:
        @Sendable (_ id: String, _ recipient: String?, _ expiresAt: Instant?) async throws -> ShareStore.Change = {
            _, _, _ in .unknown
        }
    public var end: @Sendable (_ id: String, _ who: String) async throws -> Bool = { _, _ in false }
    /// Counts and writes down the view.
    public var view: @Sendable (_ keyHash: [UInt8], _ address: String) async throws -> EvidenceRecord? = { _, _ in nil }

    public init() {}
}

/// An agent, as `/api/v1/hosts` lists it.
public struct HostEntry: Sendable {
    public var agentID: String
    public var firstSeen: Instant
    public var lastSeen: Instant
    public var isReporting: Bool
    /// How far the host's clock is ahead of ours, in seconds.
    public var clockOffsetSeconds: Double?
    /// Its last heartbeat, a JSON object.
    public var report: String

    public init(
        agentID: String, firstSeen: Instant, lastSeen: Instant, isReporting: Bool, clockOffsetSeconds: Double?,
        report: String
    ) {
        self.agentID = agentID
        self.firstSeen = firstSeen
        self.lastSeen = lastSeen
        self.isReporting = isReporting
        self.clockOffsetSeconds = clockOffsetSeconds
        self.report = report
    }
}

/// What explanations read, for the time of one of them.
public struct CallSamples {
    public var call: (_ id: String) throws -> StoredCall?
    public var sample: (CallFilter, CallSample.Bounds) throws -> CallSample
    /// Calls around another, found and not opened, and opened: see `CallStore.spread`.
    public var spread: (CallFilter, _ callsMax: Int) throws -> FoundCalls = { _, _ in FoundCalls() }
    public var open: ([FoundCall]) throws -> [StoredCall] = { _ in [] }
    /// Calls of both directions, for `ImpactReport`.
    public var impactWindows: (ImpactQuestion) throws -> [ImpactWindow] = { _ in [] }
    /// What an id in them names; nil for 0.
    public var name: (_ id: Int32, NameKind) throws -> String? = { _, _ in nil }

    public init(
        call: @escaping (String) throws -> StoredCall? = { _ in nil },
        sample: @escaping (CallFilter, CallSample.Bounds) throws -> CallSample = { _, _ in CallSample() }
    ) {
        self.call = call
        self.sample = sample
    }
}

/// A query was ended because it took as long as one may.
public struct QueryTookTooLong: Error {
    public init() {}
}
