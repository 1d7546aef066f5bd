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
    /// Of the far end.
    public var network: NameID
    public var direction: Direction
    /// `Outcome.code`.
    public var outcome: UInt8
    /// Of a refused request, which it tells apart from others; else 0.
    public var status: UInt16
    /// `LatencyBucket`; `noLatency` where the duration is unknown.
    public var latency: Int16

    public static let noLatency = Int16.min

    public init(
        interval: Int32, partner: NameID, route: NameID, host: NameID, region: NameID, customer: NameID,
        serviceVersion: NameID, network: NameID = 0, direction: Direction, outcome: UInt8, status: UInt16 = 0,
        latency: Int16 = CellKey.noLatency
    ) {
        self.interval = interval
        self.partner = partner
        self.route = route
        self.host = host
        self.region = region
        self.customer = customer
        self.serviceVersion = serviceVersion
        self.network = network
        self.direction = direction
        self.outcome = outcome
        self.status = status
        self.latency = latency
    }

    /// All of it, most significant first. Ids and times are never negative, so that words are ordered as fields are.
    private var words: (UInt64, UInt64, UInt64, UInt64, UInt64) {
        let outcomes = UInt64(direction.rawValue) << 8 | UInt64(outcome)
        // Buckets below zero come first.
        let bucket = UInt16(truncatingIfNeeded: Int32(latency) - Int32(Int16.min))
        return (
            joined(interval, partner), joined(route, host), joined(region, customer), joined(serviceVersion, network),
            outcomes << 32 | UInt64(status) << 16 | UInt64(bucket)
        )
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(_rawHashValue(seed: 0)) }

    /// Every call is looked up by it (`KeyHash`).
    public func _rawHashValue(seed: Int) -> Int {
        let words = words
        return KeyHash.of(seed, words.0, words.1, words.2, words.3, words.4)
    }
}

extension CellKey: Comparable {
    /// Neighbours resemble each other, which is what makes the columns of a block small.
    public static func < (left: CellKey, right: CellKey) -> Bool { left.words < right.words }
}

/// Two ids in one word.
@inline(__always)
func joined(_ high: Int32, _ low: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: high)) << 32 | UInt64(UInt32(bitPattern: low))
}

/// Calls that have everything in common, and how many they are.
public struct RollupCell: Sendable, Hashable {
    public var key: CellKey
    public var count: CellCount

    public init(_ key: CellKey, _ count: CellCount) {
        self.key = key
        self.count = count
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

/// The finest step of time at which calls are counted.
public enum RollupInterval {
    /// Detection wants to know when a failure began to the second.
    public static let width: Duration = .seconds(1)
    public static let perMinute: Int32 = 60
    private static let nanoseconds = width.nanoseconds

    /// The interval of a time; times before 1970 count as its first (they change history, never verdicts).
    public static func index(of time: Instant) -> Int32 {
        Int32(clamping: max(0, time.nanosecondsSinceEpoch) / nanoseconds)
    }

    public static func start(of index: Int32) -> Instant {
        Instant(nanosecondsSinceEpoch: Int64(index) * nanoseconds)
    }
}
