import Glibc

/// The values a place has had in successful calls, while they are few.
///
/// A place whose values keep coming new (ids, texts, amounts) is *open*: its table is given up. Until then the number of
/// values seen just once says how likely the next one is new (Good and Turing).
struct ValueTable {
    static let valuesMax = 512
    private(set) var isOpen = false
    private(set) var calls: UInt32 = 0
    private var slots: [UInt64] = []
    private var counts: [UInt32] = []
    private(set) var distinct = 0
    private(set) var singles = 0

    mutating func add(_ hash: UInt64) {
        guard !isOpen, hash != 0 else { return }
        calls &+= 1
        if distinct * 2 >= slots.count { grow() }
        let slot = slot(of: hash)
        if slots[slot] == 0 {
            slots[slot] = hash
            distinct += 1
            singles += 1
            if distinct > Self.valuesMax || looksOpen { open() } else { counts[slot] = 1 }
        } else {
            if counts[slot] == 1 { singles -= 1 }
            counts[slot] &+= 1
        }
    }

    /// Most values are new after some hundreds: there is no list to learn.
    private var looksOpen: Bool { calls >= 400 && singles * 10 >= Int(calls) * 7 }

    private mutating func open() {
        isOpen = true
        slots = []
        counts = []
    }

    func count(of hash: UInt64) -> Int {
        guard !isOpen, !slots.isEmpty, hash != 0 else { return 0 }
        let slot = slot(of: hash)
        return slots[slot] == hash ? Int(counts[slot]) : 0
    }

    /// The negative logarithm of the probability that a value never seen comes.
    var noveltySurprise: Double {
        guard !isOpen, calls >= 8 else { return 0 }
        return -log((Double(singles) + 0.5) / (Double(calls) + 1))
    }

    private func slot(of hash: UInt64) -> Int {
        var slot = Int(truncatingIfNeeded: hash >> 7) & (slots.count - 1)
        while slots[slot] != 0, slots[slot] != hash { slot = (slot + 1) & (slots.count - 1) }
        return slot
    }

    private mutating func grow() {
        let (oldSlots, oldCounts) = (slots, counts)
        slots = Array(repeating: 0, count: max(8, oldSlots.count * 2))
        counts = Array(repeating: 0, count: slots.count)
        for (hash, count) in zip(oldSlots, oldCounts) where hash != 0 {
            let slot = slot(of: hash)
            slots[slot] = hash
            counts[slot] = count
        }
    }
}

/// Whether the values of a place never repeat in successful calls, and which there were.
///
/// Remembers 32 bits of each, `fingerprintsMax` at most, then forgets all and starts again: a duplicate of something very
/// old is not seen. Two values share 32 bits once in many thousands of calls.
struct UniqueValues {
    static let fingerprintsMax = 1 << 15
    private var slots: [UInt32] = []
    private var used = 0
    private(set) var calls: UInt32 = 0
    private(set) var repeats: UInt32 = 0
    private(set) var isGivenUp = false

    /// Values repeat too often to be meant as unique.
    private var isOrdinary: Bool { calls >= 32 && repeats * 20 > calls }

    var isUnique: Bool { !isGivenUp && calls >= 40 && repeats * 50 <= calls }

    mutating func add(_ hash: UInt64) {
        guard !isGivenUp, hash != 0 else { return }
        calls &+= 1
        if used * 2 >= slots.count { grow() }
        let print = fingerprint(hash)
        let slot = slot(of: print)
        if slots[slot] == print {
            repeats &+= 1
        } else {
            slots[slot] = print
            used += 1
        }
        if isOrdinary {
            isGivenUp = true
            slots = []
        }
    }

    func contains(_ hash: UInt64) -> Bool {
        guard !isGivenUp, !slots.isEmpty, hash != 0 else { return false }
        let print = fingerprint(hash)
        return slots[slot(of: print)] == print
    }

    private func fingerprint(_ hash: UInt64) -> UInt32 { max(1, UInt32(truncatingIfNeeded: mixed(hash) >> 32)) }

    private func slot(of print: UInt32) -> Int {
        var slot = Int(print) & (slots.count - 1)
        while slots[slot] != 0, slots[slot] != print { slot = (slot + 1) & (slots.count - 1) }
        return slot
    }

    private mutating func grow() {
        let old = slots
        if used >= Self.fingerprintsMax {
            slots = Array(repeating: 0, count: old.count)
            used = 0
            return
        }
        slots = Array(repeating: 0, count: max(16, old.count * 2))
        for print in old where print != 0 { slots[slot(of: print)] = print }
    }
}
