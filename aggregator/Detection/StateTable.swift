/// The running tests, each by the number of its series and its group.
struct StateTable: Sendable {
    private var numbers: NumberTable
    private(set) var keys: [UInt64] = []
    private var states: [GroupState] = []

    init(countMax: Int) { numbers = NumberTable(countMax: countMax) }

    @inline(__always)
    static func key(_ series: Int, _ group: SymptomGroup) -> UInt64 { UInt64(series) << 8 | UInt64(group.rawValue) }

    var count: Int { keys.count }
    var indices: Range<Int> { keys.indices }

    @inline(__always)
    func place(_ key: UInt64) -> Int? { numbers.known(key) }

    /// The place of a test, which begins where there is none; nil at the limit.
    mutating func place(_ key: UInt64, beginning state: @autoclosure () -> GroupState) -> Int? {
        guard let place = numbers.number(of: key) else { return nil }
        if place == keys.count {
            keys.append(key)
            states.append(state())
        }
        return place
    }

    subscript(place: Int) -> GroupState {
        _read { yield states[place] }
        _modify { yield &states[place] }
    }
}
