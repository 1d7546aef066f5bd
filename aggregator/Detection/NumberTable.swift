/// Numbers 64-bit keys in the order they are met: an open-addressed table. It is asked some ten times a call, and `Dictionary`'s hashing
/// against collisions by design costs five times as much; keys here are our own small numbers.
///
/// `UInt64.max` is no key.
public struct NumberTable: Sendable {
    /// Key and number side by side: both are read together, and the table is larger than a cache.
    private struct Slot {
        var key = UInt64.max
        var number: Int32 = 0
    }

    private var slots: [Slot]
    private var mask: Int
    public private(set) var count = 0
    public let countMax: Int

    public init(countMax: Int) {
        self.countMax = countMax
        slots = [Slot](repeating: Slot(), count: 1 << 7)
        mask = (1 << 7) - 1
    }

    /// The number of a key, new or known; nil at the limit.
    public mutating func number(of key: UInt64) -> Int? {
        var place = place(key)
        while slots[place].key != .max {
            if slots[place].key == key { return Int(slots[place].number) }
            place = (place + 1) & mask
        }
        guard count < countMax else { return nil }
        slots[place] = Slot(key: key, number: Int32(count))
        count += 1
        if count * 2 > slots.count { grow() }
        return count - 1
    }

    public func known(_ key: UInt64) -> Int? {
        var place = place(key)
        while slots[place].key != .max {
            if slots[place].key == key { return Int(slots[place].number) }
            place = (place + 1) & mask
        }
        return nil
    }

    private mutating func grow() {
        let old = slots
        slots = [Slot](repeating: Slot(), count: old.count * 2)
        mask = slots.count - 1
        for slot in old where slot.key != .max {
            var place = place(slot.key)
            while slots[place].key != .max { place = (place + 1) & mask }
            slots[place] = slot
        }
    }

    @inline(__always)
    private func place(_ key: UInt64) -> Int {
        let mixed = (key ^ key >> 29) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: mixed >> 32) & mask
    }
}
