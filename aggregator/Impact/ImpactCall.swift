import CallModel

/// A call as impact looks at it: which way, when, where and how it ended. Names are ids, 0 for none.
public struct ImpactCall: Sendable, Equatable {
    public var isInbound: Bool
    /// Microseconds since 1970, by the host's clock.
    public var start: Int64
    /// `start` where the duration is not known.
    public var end: Int64
    public var host: Int32
    public var service: Int32
    public var partner: Int32
    public var route: Int32
    public var customer: Int32
    public var outcome: Outcome
    public var traceID: TraceID?
    /// How many calls it stands for.
    public var weight: Int64

    public init(
        isInbound: Bool, start: Int64, end: Int64, host: Int32, service: Int32 = 0, partner: Int32 = 0,
        route: Int32 = 0, customer: Int32 = 0, outcome: Outcome = .success, traceID: TraceID? = nil, weight: Int64 = 1
    ) {
        self.isInbound = isInbound
        self.start = start
        self.end = end
        self.host = host
        self.service = service
        self.partner = partner
        self.route = route
        self.customer = customer
        self.outcome = outcome
        self.traceID = traceID
        self.weight = weight
    }

    /// A partner's call that did not do what it was to do. One that we gave up ourselves says nothing.
    var isTroubled: Bool { outcome != .success && outcome != .noAnswer(.cancelled) }
    var microseconds: Int64 { max(0, end &- start) }
}

/// Calls of a stretch of time, both directions, in the order of their start.
public struct ImpactWindow: Sendable {
    public var calls: [ImpactCall]
    /// Inbound calls that start before this count; later ones are there for none. What follows is read because calls go out
    /// after the request that causes them came in.
    public var countsUntil: Int64
    /// Whether every call of this time is in it, rather than those of some hosts.
    public var isWhole: Bool

    public init(calls: [ImpactCall], countsUntil: Int64, isWhole: Bool = true) {
        self.calls = calls
        self.countsUntil = countsUntil
        self.isWhole = isWhole
    }
}
