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

/// Of a block's separate latencies.
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
///
/// Each partner's minute has a small table for each dimension. A call counts in five or six of them, and calls come by partner
/// (`CellKey` is ordered so), hence the tables at work stay in the processor's cache: one table of all counts was missed there
/// with nearly every count.
public struct MinuteRollup: Sendable {
    /// One for each dimension, in its order, of the first partner's minute, then of the second's and so on.
    private var tables: [[CountSegment.Place: CellCount]] = []
    /// Whose the tables are, one entry for each `CountSegment.dimensions.count` of them.
    private var owners: [PartnerMinute] = []
    private var firstTables: [PartnerMinute: Int] = [:]
    /// How many different counts there are, latencies among them.
    public private(set) var count = 0

    private struct PartnerMinute: Hashable {
        var partner: NameID
        var minute: Int32
    }

    public init() {}

    public mutating func add(_ block: RollupBlock) {
        var owner = PartnerMinute(partner: 0, minute: .min)  // No cell's: a minute is sixty intervals.
        var first = 0
        for cell in block.cells {
            let its = PartnerMinute(partner: cell.key.partner, minute: cell.key.interval / RollupInterval.perMinute)
            if its != owner {
                owner = its
                first = firstTable(of: its)
            }
            add(cell, first)
        }
        for (key, calls) in block.separateLatencies {
            let first = firstTable(of: PartnerMinute(partner: key.partner, minute: key.minute))
            add(
                CellCount(weighted: calls), first, CountSegment.latencyDimension, key.route, key.region, key.direction,
                key.bucket)
        }
    }

    private mutating func firstTable(of owner: PartnerMinute) -> Int {
        if let first = firstTables[owner] { return first }
        let first = tables.count
        tables.append(contentsOf: repeatElement([:], count: CountSegment.dimensions.count))
        owners.append(owner)
        firstTables[owner] = first
        return first
    }

    @inline(__always)
    private mutating func add(_ cell: RollupCell, _ first: Int) {
        let (key, count) = (cell.key, cell.count)
        func code(_ set: RollupSet) -> Int16 { set.rawValue }
        let outcome = Int16(key.outcome)
        add(count, first, code(.routeAndRegion), key.route, key.region, key.direction, outcome)
        add(count, first, code(.partner), 0, 0, key.direction, outcome)
        add(count, first, code(.host), key.host, 0, key.direction, outcome)
        if key.customer != 0 { add(count, first, code(.customer), key.customer, 0, key.direction, outcome) }
        if key.serviceVersion != 0 {
            add(count, first, code(.serviceVersion), key.serviceVersion, 0, key.direction, outcome)
        }
        guard key.latency != CellKey.noLatency else { return }
        add(
            CellCount(weighted: count.weighted), first, CountSegment.latencyDimension, key.route, key.region,
            key.direction, key.latency)
    }

    @inline(__always)
    private mutating func add(
        _ count: CellCount, _ firstTable: Int, _ dimension: Int16, _ first: NameID, _ second: NameID,
        _ direction: Direction, _ outcome: Int16
    ) {
        let table = firstTable + Int(dimension)
        let place = CountSegment.Place(
            first: first, second: second, direction: Int16(direction.rawValue), outcome: outcome)
        let before = tables[table].count
        tables[table][place, default: CellCount()].add(count)
        self.count += tables[table].count - before
    }
}

extension MinuteRollup {
    /// All counts and latencies, those together that are kept together: in order, each place once.
    public var segments: [CountSegment.Key: [CountSegment.Count]] {
        var segments: [CountSegment.Key: [CountSegment.Count]] = [:]
        for (index, table) in tables.enumerated() where !table.isEmpty {
            let owner = owners[index / CountSegment.dimensions.count]
            let key = CountSegment.Key(
                partner: owner.partner, dimension: Int16(index % CountSegment.dimensions.count), minute: owner.minute)
            var counts = table.map { CountSegment.Count(place: $0.key, value: $0.value) }
            counts.sort { $0.place < $1.place }
            segments[key] = counts
        }
        return segments
    }
}
