import CallModel

/// A name's id in the aggregator's dictionaries; 0 is none.
public typealias NameID = Int32

/// What the calls of one cell have in common: every dimension on which failures are compared, jointly.
public struct CellKey: Hashable, Sendable {
    /// The interval in which the calls started, in units of `RollupInterval.width` since 1970.
    public var interval: Int32
    public var partner: NameID
    public var route: NameID
    public var host: NameID
    public var region: NameID
    public var customer: NameID
    public var serviceVersion: NameID
    public var direction: Direction
    /// `Outcome.code`.
    public var outcome: UInt8

    public init(
        interval: Int32, partner: NameID, route: NameID, host: NameID, region: NameID, customer: NameID,
        serviceVersion: NameID, direction: Direction, outcome: UInt8
    ) {
        self.interval = interval
        self.partner = partner
        self.route = route
        self.host = host
        self.region = region
        self.customer = customer
        self.serviceVersion = serviceVersion
        self.direction = direction
        self.outcome = outcome
    }
}

/// How many calls fell into a cell.
public struct CellCount: Hashable, Sendable {
    /// Calls stored.
    public var stored: Int64
    /// Calls they stand for, the sum of their weights; and those that their hosts could only count.
    public var weighted: Int64

    public init(stored: Int64 = 0, weighted: Int64 = 0) {
        self.stored = stored
        self.weighted = weighted
    }

    public mutating func add(_ other: CellCount) {
        // Wrapping: a block that damage made claim 2⁶³ calls must not stop the program.
        stored &+= other.stored
        weighted &+= other.weighted
    }
}

/// Where latencies are counted: coarser than the counts, because each cell holds many buckets.
public struct LatencyKey: Hashable, Sendable {
    public var interval: Int32
    public var partner: NameID
    public var route: NameID
    public var region: NameID
    public var direction: Direction
    public var bucket: Int16

    public init(
        interval: Int32, partner: NameID, route: NameID, region: NameID, direction: Direction, bucket: Int16
    ) {
        self.interval = interval
        self.partner = partner
        self.route = route
        self.region = region
        self.direction = direction
        self.bucket = bucket
    }
}

/// The finest step of time at which calls are counted.
public enum RollupInterval {
    /// Short enough to see an outage within seconds, long enough that a minute has few.
    public static let width: Duration = .seconds(10)
    public static let perMinute: Int32 = 6
    private static let nanoseconds = width.nanoseconds

    /// The interval of a time; times before 1970 count as its first (they change history, never verdicts).
    public static func index(of time: Instant) -> Int32 {
        Int32(clamping: max(0, time.nanosecondsSinceEpoch) / nanoseconds)
    }

    public static func start(of index: Int32) -> Instant {
        Instant(nanosecondsSinceEpoch: Int64(index) * nanoseconds)
    }
}
