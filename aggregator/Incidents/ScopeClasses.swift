import CallModel
import Detection
import Rollups

/// Calls of one partner and direction, counted by which of the values that a cause may name they have.
///
/// Some fifteen values make some sixty scopes, and a call lies in a dozen of them. So each call is counted once, in the class of
/// the calls that have the same of those values, and a scope is the sum of its classes. Looking for a cause among 40,000 calls asks
/// sixteen comparisons of each instead of sixty scopes.
struct ScopeClasses {
    /// In the order of their bits in a class.
    static let dimensions: [Dimension] = [.route, .region, .host, .customer, .serviceVersion]
    private typealias Lanes = SIMD3<NameID>

    /// Values of a dimension: two bits of a class, where 0 is any other value.
    static let valuesMax = 3

    /// By dimension; -1, which no value is, where there are fewer.
    private var values: (route: Lanes, region: Lanes, host: Lanes, customer: Lanes, version: Lanes)
    /// The place of each class in `counts`, -1 for those not met.
    private var places = [Int16](repeating: -1, count: 1 << (2 * dimensions.count))
    private var classes: [Int] = []
    private var counts: [ScopeCounts] = []

    /// - Parameter values: of each of `dimensions`, at most `valuesMax`.
    init(_ values: [[NameID]]) {
        let lanes = values.map { values in
            var lanes = Lanes(repeating: -1)
            for (lane, value) in values.enumerated() { lanes[lane] = value }
            return lanes
        }
        self.values = (lanes[0], lanes[1], lanes[2], lanes[3], lanes[4])
    }

    @inline(__always)
    mutating func add(_ added: ScopeCounts, of cell: CallCell) {
        var number = Self.place(cell.route, values.route)
        number |= Self.place(cell.region, values.region) << 2
        number |= Self.place(cell.host, values.host) << 4
        number |= Self.place(cell.customer, values.customer) << 6
        number |= Self.place(cell.serviceVersion, values.version) << 8
        var place = Int(places[number])
        if place < 0 {
            place = counts.count
            places[number] = Int16(place)
            classes.append(number)
            counts.append(ScopeCounts())
        }
        counts[place].add(added)
    }

    /// What was counted in a scope; nil where it names what is not among the values.
    func counts(in scope: Scope) -> ScopeCounts? {
        guard scope.network == 0 else { return nil }
        var (mask, wanted) = (0, 0)
        for (index, lanes) in [values.route, values.region, values.host, values.customer, values.version].enumerated() {
            let value = scope[Self.dimensions[index]]
            guard value != 0 else { continue }
            let place = Self.place(value, lanes)
            guard place != 0 else { return nil }
            mask |= 3 << (2 * index)
            wanted |= place << (2 * index)
        }
        var sum = ScopeCounts()
        for (index, number) in classes.enumerated() where number & mask == wanted { sum.add(counts[index]) }
        return sum
    }

    @inline(__always)
    private static func place(_ value: NameID, _ lanes: Lanes) -> Int {
        if value == lanes.x { return 1 }
        if value == lanes.y { return 2 }
        return value == lanes.z ? 3 : 0
    }
}

/// How often each value of a dimension was met.
struct ValueCounts {
    private var table = NumberTable(countMax: 1 << 20)
    private var values: [(value: NameID, count: Double)] = []

    mutating func add(_ count: Double, of value: NameID) {
        guard let number = table.number(of: UInt64(UInt32(bitPattern: value))) else { return }
        if number == values.count { values.append((value, 0)) }
        values[number].count += count
    }

    /// Most first.
    func largest(_ count: Int) -> [NameID] {
        let sorted = values.sorted { ($0.count, $1.value) > ($1.count, $0.value) }
        return sorted.prefix(count).map { $0.value }
    }
}
