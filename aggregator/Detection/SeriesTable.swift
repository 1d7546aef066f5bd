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

/// Numbers the series: an open-addressed table of 64-bit keys. It is asked some ten times a call, and `Dictionary`'s hashing
/// against collisions by design costs five times as much; keys here are our own small numbers.
public struct SeriesTable: Sendable {
    /// Key and number side by side: both are read together, and the table is larger than a cache.
    private struct Slot {
        var key = UInt64.max
        var number: Int32 = 0
    }

    private var slots: [Slot]
    private var mask: Int
    public private(set) var keys: [SeriesKey] = []
    public let countMax: Int

    public init(countMax: Int) {
        self.countMax = countMax
        slots = [Slot](repeating: Slot(), count: 1 << 7)
        mask = (1 << 7) - 1
    }

    /// The number of a series, new or known; nil at the limit.
    public mutating func number(of key: SeriesKey) -> Int? {
        var place = place(key.packed)
        while slots[place].key != .max {
            if slots[place].key == key.packed { return Int(slots[place].number) }
            place = (place + 1) & mask
        }
        return append(key, at: place)
    }

    public func known(_ key: SeriesKey) -> Int? {
        var place = place(key.packed)
        while slots[place].key != .max {
            if slots[place].key == key.packed { return Int(slots[place].number) }
            place = (place + 1) & mask
        }
        return nil
    }

    private mutating func append(_ key: SeriesKey, at place: Int) -> Int? {
        guard keys.count < countMax else { return nil }
        slots[place] = Slot(key: key.packed, number: Int32(keys.count))
        keys.append(key)
        if keys.count * 2 > slots.count { grow() }
        return keys.count - 1
    }

    private mutating func grow() {
        let size = slots.count * 2
        mask = size - 1
        slots = [Slot](repeating: Slot(), count: size)
        for (number, key) in keys.enumerated() {
            var place = place(key.packed)
            while slots[place].key != .max { place = (place + 1) & mask }
            slots[place] = Slot(key: key.packed, number: Int32(number))
        }
    }

    @inline(__always)
    private func place(_ key: UInt64) -> Int {
        let mixed = (key ^ key >> 29) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: mixed >> 32) & mask
    }
}
