import CallModel
import Rollups

/// Which series of calls deviate from their own normal.
///
/// A series is the calls of one partner and direction that share a value (its route, region, host, customer, release), all
/// of them, or those of the whole fleet that share one. A call that succeeds adds to a counter in each of its series; one
/// with a symptom moves the sequential test of its group in each (`SequentialTest`), against what is usual for the series:
/// its own past, shrunk towards its partner's, upon a cautious guess for one that is new. What passes `suspicionMin` is handed
/// to `Incidents`, which looks for the one cause behind it and decides.
///
/// A value without clock or I/O. Memory is bounded by `seriesMax`, `statesMax` and the history's bounds.
public struct Detector: Sendable {
    public struct Configuration: Sendable {
        /// Evidence, in nats, from which on a series is looked at more closely. Cheap to pass: it decides nothing.
        public var suspicionMin = 9.0
        /// Series counted; calls in series beyond it are counted in their others.
        public var seriesMax = 400_000
        /// Tests running: series that ever showed a symptom, by group.
        public var statesMax = 400_000
        /// Routes whose latencies are learned (2.3 KB each).
        public var latenciesMax = 20_000
        /// Partners and directions whose hours of the week are known (1.5 KB each, and so much for each of their symptoms).
        public var seasonsMax = 10_000
        /// Cells kept to look for causes in (48 bytes each), and for how long.
        public var historyCellsMax = 2_000_000
        public var historyAgeMax: Duration = .seconds(7_200)

        public init() {}
    }

    /// A series that looks wrong.
    public struct Suspicion: Sendable, Hashable {
        public var series: SeriesKey
        public var group: SymptomGroup
        /// Nats.
        public var evidence: Double
        public var onset: Instant
    }

    public let configuration: Configuration
    public internal(set) var history: CallHistory
    /// Since they were last taken; the last of each series and group.
    public private(set) var suspicions: [UInt64: Suspicion] = [:]
    /// Calls beyond a limit, that were not counted somewhere.
    public internal(set) var uncountedCalls: Int64 = 0
    /// When each release was first seen.
    public internal(set) var releases: [(version: NameID, firstSeen: Instant)] = []
    /// By partner: the far network its calls go to, the latest; 0 where unknown.
    public internal(set) var networks: [NameID] = []
    /// Values seen of each dimension of a partner, by the number of its whole series.
    var valueCounts: [SIMD8<Int32>] = []

    var table: SeriesTable
    var counters: [SeriesCounter] = []
    var states: StateTable
    /// Those that any series ever showed, in order.
    private(set) var groupsSeen: [SymptomGroup] = []
    var latencies: [LatencyNormal] = []
    /// Calls that taught, by the hour of the week; of partners' own series alone, whose places they have.
    var seasons: [WeekHours] = []
    /// The same calls, for how unevenly failures come; beside `seasons`.
    var evenness: [EpochSquares] = []
    var seasonPlaces: [Int32] = []
    /// What is usual in the fleet, by group, as of an epoch.
    var clumpSizes: [UInt8: Double] = [:]
    var clumpsPooledIn = Int32.min
    /// By series: the place of its latencies; -1 for none.
    var latencyPlaces: [Int32] = []
    var isReleaseKnown: [Bool] = []
    /// The series of the cell that was counted last, by dimension; -1 for none. Partner's first, then the fleet's.
    private var own = SIMD8<Int32>(repeating: -1)
    private var fleet = SIMD8<Int32>(repeating: -1)

    public init(configuration: Configuration = Configuration()) {
        self.configuration = configuration
        table = SeriesTable(countMax: configuration.seriesMax)
        states = StateTable(countMax: configuration.statesMax)
        history = CallHistory(cellCountMax: configuration.historyCellsMax, ageMax: configuration.historyAgeMax)
    }

    public mutating func takeSuspicions() -> [Suspicion] {
        guard !suspicions.isEmpty else { return [] }
        defer { suspicions.removeAll(keepingCapacity: true) }
        return suspicions.values.sorted { ($0.evidence, $1.series.packed) > ($1.evidence, $0.series.packed) }
    }

    public mutating func prune(at now: Instant) { history.prune(at: now) }

    /// With the first call of an epoch, so that whoever lives through the same calls again comes to the same.
    private mutating func poolClumps(_ epoch: Int32) {
        clumpsPooledIn = epoch
        var pools: [UInt8: Clumps.Pool] = [:]
        for (series, place) in seasonPlaces.enumerated() where place >= 0 {
            for group in groupsSeen {
                guard let state = states.place(StateTable.key(series, group)) else { continue }
                pools[group.pool.rawValue, default: Clumps.Pool()].add(
                    states[state].clumps, calls: counters[series].learned, evenness[Int(place)], epoch: epoch)
            }
        }
        clumpSizes = pools.mapValues(\.size)
    }

    /// Keeps a cell that was counted before the state was stored, to look for causes in.
    public mutating func remember(_ cell: CallCell) {
        history.append(known(cell))
    }

    /// The same with its symptom, by what is known: nothing is learned.
    private func known(_ cell: CallCell) -> CallCell {
        let key = SeriesKey(partner: cell.partner, direction: cell.direction, dimension: .route, value: cell.route)
        guard cell.symptom == .none, cell.latency != CallCell.noLatency, let series = table.known(key),
            series < latencyPlaces.count, latencyPlaces[series] >= 0
        else { return cell }
        var judged = cell
        if cell.latency > latencies[Int(latencyPlaces[series])].slowAbove { judged.symptom = .slow }
        return judged
    }

    public var seriesCount: Int { table.keys.count }

    // MARK: Calls

    /// Counts a cell in its series, and returns it with its symptom: slowness, where the answer was good and late.
    ///
    /// - Parameter teaches: whether it may become part of what is normal: not while an incident of its scope is open.
    public mutating func count(_ cell: CallCell, teaches: Bool) -> CallCell {
        let epoch = Forgetting.epoch(of: cell.time)
        if epoch > clumpsPooledIn { poolClumps(epoch) }
        note(cell)
        own = SIMD8(
            series(cell, .partner, 0, epoch), series(cell, .route, cell.route, epoch),
            series(cell, .region, cell.region, epoch), series(cell, .host, cell.host, epoch),
            series(cell, .customer, cell.customer, epoch), series(cell, .serviceVersion, cell.serviceVersion, epoch),
            -1, -1)
        fleet =
            cell.direction == .outbound
            ? SIMD8(
                seriesOfFleet(cell, .partner, 0, epoch), -1, seriesOfFleet(cell, .region, cell.region, epoch),
                seriesOfFleet(cell, .host, cell.host, epoch), -1, -1,
                seriesOfFleet(cell, .network, cell.network, epoch), -1) : SIMD8(repeating: -1)
        add(cell, epoch, teaches)
        var judged = cell
        if cell.symptom == .none, cell.latency != CallCell.noLatency, isSlow(cell, epoch, teaches) {
            judged.symptom = .slow
        }
        history.append(judged)
        return judged
    }

    /// Lets a symptom of the cell that was counted last move the tests of its series.
    public mutating func test(_ cell: CallCell) {
        let epoch = Forgetting.epoch(of: cell.time)
        let group = cell.symptom.group
        var usual = 0.0
        let clump = clumpSize(group)
        let season = seasonFactor(Int(own[Int(Dimension.partner.rawValue)]), group, epoch)
        for dimension in Self.partnerDimensions where own[Int(dimension.rawValue)] >= 0 {
            symptomOccurred(cell, group, Int(own[Int(dimension.rawValue)]), epoch, season, clump, &usual)
        }
        guard group == .down else { return }
        var fleetUsual = 0.0
        for dimension in Self.fleetDimensions where fleet[Int(dimension.rawValue)] >= 0 {
            symptomOccurred(cell, group, Int(fleet[Int(dimension.rawValue)]), epoch, 1, clump, &fleetUsual)
        }
    }

    /// The partner itself first: its share is what the others' are shrunk towards.
    private static let partnerDimensions: [Dimension] = [
        .partner, .route, .region, .host, .customer, .serviceVersion,
    ]
    private static let fleetDimensions: [Dimension] = [.partner, .host, .region, .network]

    @inline(__always)
    private mutating func note(_ cell: CallCell) {
        let (version, partner) = (Int(cell.serviceVersion), Int(cell.partner))
        if version != 0 {
            if version >= isReleaseKnown.count {
                isReleaseKnown += Array(repeating: false, count: version + 1 - isReleaseKnown.count)
            }
            if !isReleaseKnown[version] {
                isReleaseKnown[version] = true
                releases.append((cell.serviceVersion, cell.time))
            }
        }
        if partner >= networks.count { networks += Array(repeating: 0, count: partner + 1 - networks.count) }
        if cell.network != 0 { networks[partner] = cell.network }
    }

    mutating func note(_ group: SymptomGroup) {
        if !groupsSeen.contains(group) {
            groupsSeen = (groupsSeen + [group]).sorted { $0.rawValue < $1.rawValue }
        }
    }

    /// Adds a cell to all its series: each is found first, because finding one may make room for more.
    @inline(__always)
    private mutating func add(_ cell: CallCell, _ epoch: Int32, _ teaches: Bool) {
        let (own, fleet, count) = (own, fleet, Double(cell.count))
        counters.withUnsafeMutableBufferPointer { counters in
            for dimension in 0..<8 {
                if own[dimension] >= 0 { counters[Int(own[dimension])].add(count, epoch: epoch, teaches: teaches) }
                if fleet[dimension] >= 0 { counters[Int(fleet[dimension])].add(count, epoch: epoch, teaches: teaches) }
            }
        }
        let whole = Int(own[Int(Dimension.partner.rawValue)])
        guard teaches, whole >= 0, seasonPlaces[whole] >= 0 else { return }
        seasons[Int(seasonPlaces[whole])].add(count, epoch: epoch)
        evenness[Int(seasonPlaces[whole])].add(count, epoch: epoch)
    }

    @inline(__always)
    private mutating func series(_ cell: CallCell, _ dimension: Dimension, _ value: NameID, _ epoch: Int32) -> Int32 {
        guard value != 0 || dimension == .partner else { return -1 }
        let key = SeriesKey(partner: cell.partner, direction: cell.direction, dimension: dimension, value: value)
        return series(key, cell, epoch)
    }

    @inline(__always)
    private mutating func seriesOfFleet(_ cell: CallCell, _ dimension: Dimension, _ value: NameID, _ epoch: Int32)
        -> Int32
    {
        guard value != 0 || dimension == .partner else { return -1 }
        return series(SeriesKey(partner: 0, direction: .outbound, dimension: dimension, value: value), cell, epoch)
    }

    @inline(__always)
    private mutating func series(_ key: SeriesKey, _ cell: CallCell, _ epoch: Int32) -> Int32 {
        guard let series = table.number(of: key) else {
            uncountedCalls += Int64(cell.count)
            return -1
        }
        if series == counters.count { begin(series, key, epoch) }
        return Int32(series)
    }

    private mutating func begin(_ series: Int, _ key: SeriesKey, _ epoch: Int32) {
        counters.append(SeriesCounter(epoch: epoch))
        latencyPlaces.append(-1)
        valueCounts.append(SIMD8(repeating: 0))
        let isSeasonal = key.partner != 0 && key.dimension == .partner && seasons.count < configuration.seasonsMax
        seasonPlaces.append(isSeasonal ? Int32(seasons.count) : -1)
        if isSeasonal {
            seasons.append(WeekHours())
            evenness.append(EpochSquares(epoch: epoch))
        }
        let whole = SeriesKey(partner: key.partner, direction: key.direction, dimension: .partner, value: 0)
        if let partner = table.known(whole) { valueCounts[partner][Int(key.dimension.rawValue)] += 1 }
    }

    @inline(__always)
    private mutating func isSlow(_ cell: CallCell, _ epoch: Int32, _ teaches: Bool) -> Bool {
        let series = Int(own[Int(Dimension.route.rawValue)])
        guard series >= 0 else { return false }
        if latencyPlaces[series] < 0 {
            guard latencies.count < configuration.latenciesMax else { return false }
            latencyPlaces[series] = Int32(latencies.count)
            latencies.append(LatencyNormal(epoch: epoch))
        }
        let place = Int(latencyPlaces[series])
        if teaches { latencies[place].add(cell.latency, Double(cell.count), epoch: epoch) }
        return cell.latency > latencies[place].slowAbove
    }

    private mutating func symptomOccurred(
        _ cell: CallCell, _ group: SymptomGroup, _ series: Int, _ epoch: Int32, _ season: Double,
        _ clump: Double, _ parent: inout Double
    ) {
        let stateKey = StateTable.key(series, group)
        guard
            let place = states.place(
                stateKey, beginning: GroupState(epoch: epoch, isSeasonal: seasonPlaces[series] >= 0))
        else { return uncountedCalls += Int64(cell.count) }
        if place == states.count - 1 { note(group) }
        let (counter, count) = (counters[series], Double(cell.count))
        let isYoung = counter.isYoung(epoch: epoch)
        let usual = Self.usual(
            group, states[place].learned(epoch: epoch, isYoung: isYoung), counter.learned, parent: parent, isYoung,
            clump: clump)
        states[place].occurred(count, epoch: epoch)
        if states[place].test.failed(count, calls: counter.calls, usual: min(0.5, usual * season), at: cell.time) {
            states[place].beganAnew(count, calls: counter.calls)
        }
        let key = table.keys[series]
        if key.dimension == .partner { parent = usual }
        let evidence = states[place].test.evidence
        guard evidence >= configuration.suspicionMin else { return }
        suspicions[stateKey] = Suspicion(series: key, group: group, evidence: evidence, onset: states[place].test.onset)
    }

    // MARK: What is usual

    /// Before anything is known: as failures out of calls.
    private static func guess(_ group: SymptomGroup) -> (failures: Double, calls: Double) {
        switch group {
        case .down: (1, 150)
        case .slow: (5, 200)
        case .unauthorized: (0.6, 200)
        case .rateLimited, .errorInSuccess: (0.5, 200)
        default: (0.6, 100)
        }
    }

    /// No series is so good that fewer would be expected of it.
    private static let usualMin = 0.000_3
    private static let usualMax = 0.5
    /// What fails from its first call on is not made so: it fails.
    private static let youngMax = 0.2

    /// The share of calls that show a symptom when nothing is wrong, on its high side: little evidence widens it, so that a
    /// series that is hardly known needs more to be suspected.
    ///
    /// - Parameter clump: how many failures come together in the fleet. So many tell no more than one does.
    private static func usual(
        _ group: SymptomGroup, _ learned: Double, _ calls: Double, parent: Double, _ isYoung: Bool, clump: Double
    ) -> Double {
        let guess = parent > 0 ? (failures: 3.0, calls: 3.0 / parent) : Self.guess(group)
        let share = (learned + clump * guess.failures) / (calls + clump * guess.calls)
        let doubt = 1 / (1 + learned / clump).squareRoot()
        let most = isYoung && group == .down ? youngMax : usualMax
        return min(most, max(usualMin, share * (1 + (parent > 0 ? doubt : doubt / 2))))
    }

    /// What is usual for a series; for one that never showed the symptom, what its lack tells.
    public func usual(_ key: SeriesKey, _ group: SymptomGroup, at time: Instant) -> Double {
        let epoch = Forgetting.epoch(of: time)
        let whole = SeriesKey(partner: key.partner, direction: key.direction, dimension: .partner, value: 0)
        let parent = share(whole, group, epoch, parent: 0)
        let season = table.known(whole).map { seasonFactor($0, group, epoch) } ?? 1
        return min(0.5, season * (key == whole ? parent : share(key, group, epoch, parent: parent)))
    }

    /// How much more often the symptom is usual for a partner at this hour of the week.
    private func seasonFactor(_ series: Int, _ group: SymptomGroup, _ epoch: Int32) -> Double {
        guard series >= 0, series < seasonPlaces.count, seasonPlaces[series] >= 0,
            let state = states.place(StateTable.key(series, group)), let failures = states[state].season
        else { return 1 }
        let counter = counters[series]
        let learned = states[state].known(epoch: epoch, isYoung: counter.isYoung(epoch: epoch))
        guard learned > 0, counter.learned > 0 else { return 1 }
        return Season.factor(
            seasons[Int(seasonPlaces[series])], failures, share: learned / counter.learned, epoch: epoch)
    }

    /// How many of a partner's failures usually come together: 1 where each comes by itself.
    public func clumpSize(_ partner: NameID, _ direction: Direction, _ group: SymptomGroup, at time: Instant) -> Double
    {
        let whole = SeriesKey(partner: partner, direction: direction, dimension: .partner, value: 0)
        let usual = clumpSize(group)
        guard let series = table.known(whole), series < seasonPlaces.count, seasonPlaces[series] >= 0,
            let state = states.place(StateTable.key(series, group))
        else { return usual }
        return states[state].clumps.size(
            calls: counters[series].learned, evenness[Int(seasonPlaces[series])], usual: usual,
            epoch: Forgetting.epoch(of: time))
    }

    /// What is usual in the fleet.
    private func clumpSize(_ group: SymptomGroup) -> Double {
        clumpSizes[group.pool.rawValue] ?? Clumps.sizeGuessed
    }

    private func share(_ key: SeriesKey, _ group: SymptomGroup, _ epoch: Int32, parent: Double) -> Double {
        guard let series = table.known(key), series < counters.count else {
            return parent > 0 ? parent : Self.usual(group, 0, 0, parent: 0, true, clump: 1)
        }
        let isYoung = counters[series].isYoung(epoch: epoch)
        let learned =
            states.place(StateTable.key(series, group)).map { states[$0].known(epoch: epoch, isYoung: isYoung) } ?? 0
        return Self.usual(
            group, learned, counters[series].learned, parent: parent, isYoung, clump: clumpSize(group))
    }

    /// The usual latency of a route, in milliseconds.
    public func latency(_ partner: NameID, _ direction: Direction, route: NameID, quantile: Double) -> Double? {
        let key = SeriesKey(partner: partner, direction: direction, dimension: .route, value: route)
        guard let series = table.known(key), latencyPlaces[series] >= 0 else { return nil }
        return latencies[Int(latencyPlaces[series])].quantile(quantile)
    }

    /// How many values of a dimension a partner's calls were seen to have.
    public func valueCount(_ partner: NameID, _ direction: Direction, _ dimension: Dimension) -> Int {
        let whole = SeriesKey(partner: partner, direction: direction, dimension: .partner, value: 0)
        return table.known(whole).map { Int(valueCounts[$0][Int(dimension.rawValue)]) } ?? 0
    }

    /// Calls of a partner that were ever counted.
    public func calls(_ partner: NameID, _ direction: Direction) -> Double {
        table.known(SeriesKey(partner: partner, direction: direction, dimension: .partner, value: 0))
            .map { counters[$0].calls } ?? 0
    }

    /// Ends the tests of what an incident explains: all of a partner's in the group, or of the whole fleet's for partner 0.
    public mutating func explain(_ group: SymptomGroup, partner: NameID) {
        for place in states.indices where UInt8(truncatingIfNeeded: states.keys[place]) == group.rawValue {
            let key = states.keys[place]
            let series = Int(key >> 8)
            let owner = table.keys[series].partner
            guard partner == 0 || owner == partner || owner == 0 else { continue }
            states[place].test.reset(calls: counters[series].calls)
            states[place].discardPending()
            if group == .slow, latencyPlaces[series] >= 0 { latencies[Int(latencyPlaces[series])].discardPending() }
            suspicions[key] = nil
        }
    }
}
