import CallModel

/// Remembers which supplied ids came lately, so that a call that is sent again is one call.
///
/// Senders repeat what they got no answer for; several sources may tell of one call. An id is remembered for `Configuration.window`
/// by its hash (`suppliedIDHash`), in one open table of 10 bytes a slot: a look-up costs one probe and nothing is allocated.
/// Ids that are too old count as absent at once and leave the table when it is next gone through: that is when it is three
/// quarters full. If more than `countMax` ids are young, the oldest are let go early, and counted: a repeat of those is kept.
///
/// It knows no files: the spool writes ids beside the calls they belong to, and inserts them again when it starts.
public struct SeenIDs: Sendable {
    public struct Configuration: Sendable {
        /// How long an id is remembered.
        public var window: Duration = .seconds(600)
        /// How many ids are remembered at most: ten minutes of a thousand a second, in 10 MB at most.
        public var countMax = 600_000

        public init() {}
    }

    /// Ids in the table, those that are too old but not yet swept out included.
    public private(set) var count = 0
    /// Ids let go before their time because `countMax` were remembered.
    public private(set) var evictedCount = 0

    private let windowSeconds: Int64
    private let countMax: Int
    /// Hashes; 0 is an empty slot.
    private var keys: [UInt64]
    /// When each was seen, in seconds after `base`.
    private var ages: [UInt16]
    private var base: Int64 = 0

    private static let slotCountMin = 1_024

    public init(_ configuration: Configuration = Configuration()) {
        // Ages have 16 bits, of which the window may fill a quarter.
        windowSeconds = min(max(configuration.window.nanoseconds / 1_000_000_000, 1), 16_000)
        countMax = max(1, configuration.countMax)
        keys = [UInt64](repeating: 0, count: Self.slotCountMin)
        ages = [UInt16](repeating: 0, count: Self.slotCountMin)
    }

    /// Remembers an id, and tells whether it is new. A repeat does not renew the window: it counts from the first.
    public mutating func insert(_ hash: UInt64, at time: Instant) -> Bool {
        let second = time.secondsSinceEpoch
        let isFull = count >= countMax || (count + 1) * 4 > keys.count * 3
        if isFull || count == 0 || second < base || second - base > 32_000 { sweep(at: second) }
        let key = max(hash, 1)
        let slot = slot(of: key)
        // At most 32,000 by the line above; a time before `base` has just become the base.
        let age = UInt16(clamping: second - base)
        if keys[slot] == key {
            // A clock set back leaves ids from the future, which are young.
            guard Int64(age) - Int64(ages[slot]) > windowSeconds else { return false }
        } else {
            keys[slot] = key
            count += 1
        }
        ages[slot] = age
        return true
    }

    /// Whether an id would be a repeat.
    public func contains(_ hash: UInt64, at time: Instant) -> Bool {
        let key = max(hash, 1)
        let slot = slot(of: key)
        guard keys[slot] == key else { return false }
        return (time.secondsSinceEpoch &- base) - Int64(ages[slot]) <= windowSeconds
    }

    /// Forgets an id: the call it came with could not be kept, and the sender will repeat it.
    public mutating func remove(_ hash: UInt64) {
        let key = max(hash, 1)
        var hole = slot(of: key)
        guard keys[hole] == key else { return }
        count -= 1
        // Those behind that were pushed on by the one removed move up (Knuth, volume 3, section 6.4, algorithm R).
        let mask = keys.count - 1
        var next = hole
        while true {
            next = (next + 1) & mask
            if keys[next] == 0 { break }
            let home = home(of: keys[next])
            if (next &- home) & mask < (next &- hole) & mask { continue }
            keys[hole] = keys[next]
            ages[hole] = ages[next]
            hole = next
        }
        keys[hole] = 0
    }

    /// The slot that holds the key, or the empty one where it would go. There always is one: the table is never full.
    private func slot(of key: UInt64) -> Int {
        var slot = home(of: key)
        while keys[slot] != 0, keys[slot] != key { slot = (slot + 1) & (keys.count - 1) }
        return slot
    }

    private func home(of key: UInt64) -> Int { Int(truncatingIfNeeded: key) & (keys.count - 1) }

    /// Builds the table anew from what is young enough, with room for as much again.
    private mutating func sweep(at second: Int64) {
        var young: [(key: UInt64, second: Int64)] = []
        young.reserveCapacity(count)
        for slot in keys.indices where keys[slot] != 0 {
            // No id is younger than now: one from a future that was set back starts its window anew.
            let seen = min(base + Int64(ages[slot]), second)
            if second - seen <= windowSeconds { young.append((keys[slot], seen)) }
        }
        // Only at the bound itself, and then an eighth at once, so that the next id does not lead here again.
        if count >= countMax { evict(from: &young) }
        base = second - windowSeconds
        var slotCount = Self.slotCountMin
        while (young.count + 1) * 4 > slotCount * 2, slotCount * 3 / 4 < countMax { slotCount *= 2 }
        keys = [UInt64](repeating: 0, count: slotCount)
        ages = [UInt16](repeating: 0, count: slotCount)
        count = young.count
        for (key, seen) in young {
            let slot = slot(of: key)
            keys[slot] = key
            ages[slot] = UInt16(clamping: seen - base)
        }
    }

    private mutating func evict(from young: inout [(key: UInt64, second: Int64)]) {
        let kept = countMax - max(1, countMax / 8)
        guard young.count > kept else { return }
        young.sort { $0.second > $1.second }
        evictedCount += young.count - kept
        young.removeLast(young.count - kept)
    }
}
