import CallModel

/// The fixed sets of dimensions into which the joint counts are folded for keeping, each by partner, minute, direction and
/// outcome. Stored by raw value, so never renumbered; 5 is taken by latencies, which lie in the same tables.
public enum RollupSet: Int16, Sendable, CaseIterable {
    /// First is the route, second the region. The only set in which every call counts exactly once whatever it lacks, so sums
    /// over it are sums over calls. Latencies are kept with this one.
    case routeAndRegion = 0
    /// First is the host.
    case host = 1
    /// First is the customer; calls without one are left out.
    case customer = 2
    /// First is the service version; calls without one are left out.
    case serviceVersion = 3
    /// First and second are 0: a partner's whole, in few rows, from which its history is drawn. Sums equal those of
    /// `routeAndRegion`.
    case partner = 4
}

/// What the calls of one kept count have in common.
public struct MinuteKey: Hashable, Sendable {
    /// Minutes since 1970.
    public var minute: Int32
    public var partner: NameID
    public var set: RollupSet
    public var first: NameID
    public var second: NameID
    public var direction: Direction
    public var outcome: UInt8

    public init(
        minute: Int32, partner: NameID, set: RollupSet, first: NameID, second: NameID, direction: Direction,
        outcome: UInt8
    ) {
        self.minute = minute
        self.partner = partner
        self.set = set
        self.first = first
        self.second = second
        self.direction = direction
        self.outcome = outcome
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(_rawHashValue(seed: 0)) }

    public func _rawHashValue(seed: Int) -> Int {
        KeyHash.of(
            seed, joined(partner, Int32(set.rawValue)), joined(minute, first),
            joined(second, Int32(direction.rawValue) << 8 | Int32(outcome)))
    }
}

public struct MinuteLatencyKey: Hashable, Sendable {
    public var minute: Int32
    public var partner: NameID
    public var route: NameID
    public var region: NameID
    public var direction: Direction
    public var bucket: Int16

    public init(
        minute: Int32, partner: NameID, route: NameID, region: NameID, direction: Direction, bucket: Int16
    ) {
        self.minute = minute
        self.partner = partner
        self.route = route
        self.region = region
        self.direction = direction
        self.bucket = bucket
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(_rawHashValue(seed: 0)) }

    public func _rawHashValue(seed: Int) -> Int {
        KeyHash.of(
            seed, joined(partner, minute), joined(route, region), joined(Int32(direction.rawValue), Int32(bucket)))
    }
}

/// Folds rollup blocks into counts by minute. Blocks add up, so any number may be folded at once.
public struct MinuteRollup: Sendable {
    public private(set) var counts: [MinuteKey: CellCount] = [:]
    public private(set) var latencies: [MinuteLatencyKey: Int64] = [:]

    public init() {}

    public mutating func add(_ block: RollupBlock) {
        for cell in block.cells {
            let (key, count) = (cell.key, cell.count)
            add(key, .routeAndRegion, key.route, key.region, count)
            add(key, .partner, 0, 0, count)
            add(key, .host, key.host, 0, count)
            if key.customer != 0 { add(key, .customer, key.customer, 0, count) }
            if key.serviceVersion != 0 { add(key, .serviceVersion, key.serviceVersion, 0, count) }
            guard key.latency != CellKey.noLatency else { continue }
            let minute = MinuteLatencyKey(
                minute: key.interval / RollupInterval.perMinute, partner: key.partner, route: key.route,
                region: key.region, direction: key.direction, bucket: key.latency)
            latencies[minute, default: 0] &+= count.weighted
        }
        for (key, count) in block.separateLatencies { latencies[key, default: 0] &+= count }
    }

    /// The same counts by hour: each minute stands for the hour it belongs to.
    public func byHour() -> MinuteRollup {
        var hours = MinuteRollup()
        hours.counts.reserveCapacity(counts.count)
        for (var key, count) in counts {
            key.minute -= key.minute % 60
            hours.counts[key, default: CellCount()].add(count)
        }
        for (var key, count) in latencies {
            key.minute -= key.minute % 60
            hours.latencies[key, default: 0] &+= count
        }
        return hours
    }

    private mutating func add(_ key: CellKey, _ set: RollupSet, _ first: NameID, _ second: NameID, _ count: CellCount) {
        let minute = MinuteKey(
            minute: key.interval / RollupInterval.perMinute, partner: key.partner, set: set, first: first,
            second: second, direction: key.direction, outcome: key.outcome)
        counts[minute, default: CellCount()].add(count)
    }
}
