import CallModel
import Rollups

/// Which calls a series counts: those of a partner and direction, or of the whole fleet, that share one value.
public struct SeriesKey: Hashable, Sendable {
    /// 1 bit of direction and 4 of dimension above the value's 32, the partner above them.
    @usableFromInline var packed: UInt64

    init(packed: UInt64) { self.packed = packed }

    /// - Parameter partner: 0 for the whole fleet; at most `partnerMax`.
    @inlinable
    public init(partner: NameID, direction: Direction, dimension: Dimension, value: NameID) {
        packed =
            UInt64(UInt32(bitPattern: partner)) << 37 | UInt64(direction.rawValue) << 36
            | UInt64(dimension.rawValue) << 32 | UInt64(UInt32(bitPattern: value))
    }

    public static let partnerMax: NameID = 1 << 26

    public var partner: NameID { NameID(packed >> 37) }
    public var direction: Direction { packed >> 36 & 1 == 0 ? .outbound : .inbound }
    public var dimension: Dimension { Dimension(rawValue: UInt8(packed >> 32 & 15)) ?? .partner }
    public var value: NameID { NameID(truncatingIfNeeded: packed) }
}

/// Numbers the series.
public struct SeriesTable: Sendable {
    private var numbers: NumberTable
    public private(set) var keys: [SeriesKey] = []
    public var countMax: Int { numbers.countMax }

    public init(countMax: Int) { numbers = NumberTable(countMax: countMax) }

    /// The number of a series, new or known; nil at the limit.
    public mutating func number(of key: SeriesKey) -> Int? {
        let number = numbers.number(of: key.packed)
        if number == keys.count { keys.append(key) }
        return number
    }

    public func known(_ key: SeriesKey) -> Int? { numbers.known(key.packed) }
}
