/// Which calls of a side show one thing, as far as samples of them are wanted: of the side's first 64 calls each is known, of later ones
/// a few that show it.
struct Marks: Sendable {
    static let earlyMax: Int32 = 64
    static let keptMax = 5
    private(set) var early: UInt64 = 0
    private(set) var late: [String] = []

    /// Whether a call that shows it can still make a difference, the `count`th place that does.
    static func matters(call: Int32, count: UInt32) -> Bool { call < earlyMax || count <= keptMax }

    mutating func mark(_ call: Int32, _ id: String?) {
        if call < Self.earlyMax {
            early |= 1 << UInt64(max(0, call))
        } else if let id, early.nonzeroBitCount + late.count < Self.keptMax, late.last != id {
            late.append(id)
        }
    }
}

/// The first calls of a side, of which it is known what each of them shows.
struct EarlyCalls: Sendable {
    private var ids: [String?] = []

    mutating func add(_ id: String?) {
        if ids.count < Marks.earlyMax { ids.append(id) }
    }

    func samples(with marks: Marks?, _ countMax: Int) -> [String] {
        guard let marks else { return [] }
        return Array((chosen { marks.early & (1 << UInt64($0)) != 0 } + marks.late).prefix(countMax))
    }

    func samples(without marks: Marks?, _ countMax: Int) -> [String] {
        Array(chosen { (marks?.early ?? 0) & (1 << UInt64($0)) == 0 }.prefix(countMax))
    }

    private func chosen(_ isMeant: (Int) -> Bool) -> [String] {
        ids.indices.lazy.filter(isMeant).compactMap { ids[$0] }
    }
}

/// What of a place a call can show.
enum PlaceMark: Hashable, Sendable {
    case presence
    case kind(UInt8)
    case size(UInt8)
    case value(UInt64)
}
