import CallModel

/// What was seen lately, found by what it is like and when it began, or by its span.
///
/// Sightings leave in the order they came, so that all of them lie in one ring, and an id, counted up from 1, tells the place in it. Those
/// that share a slot of time, or a span, are chained from the latest to the oldest; a chain ends where it leads to one that was forgotten.
/// One costs about 200 bytes, tables included.
struct SightingMemory {
    struct Entry {
        let sighting: Sighting
        var witnesses: UInt8
        let forgetAt: Instant
        /// 0 where there is none.
        fileprivate var olderInPlace: UInt64 = 0
        fileprivate var olderOfSpan: UInt64 = 0
    }

    private struct Place: Hashable {
        var likeness: UInt64
        var slot: Int64
    }

    /// How many of one likeness are remembered, and how many of them each witness saw: so that times are only looked through where
    /// there is one that another witness saw.
    private struct Alike {
        var count: Int32 = 0
        var countByWitness: [3 of Int32] = [0, 0, 0]

        mutating func note(_ witness: Witness, isNew: Bool) {
            if isNew { count += 1 }
            countByWitness[Int(witness.rawValue)] += 1
        }
    }

    /// A power of two of places; those of ids from `firstID` to before `nextID` are in force.
    private var ring: [Entry] = []
    private var firstID: UInt64 = 1
    private var nextID: UInt64 = 1
    /// The latest one of each.
    private var byPlace: [Place: UInt64] = [:]
    private var bySpan: [SpanID: UInt64] = [:]
    private var alike: [UInt64: Alike] = [:]

    static let slotNs: Int64 = 250_000_000

    var count: Int { Int(nextID &- firstID) }
    var first: Entry? { self[firstID] }

    subscript(id: UInt64) -> Entry? { isRemembered(id) ? ring[place(of: id)] : nil }

    static func slot(ofNs time: Int64) -> Int64 { floorDivide(time, slotNs) }

    mutating func remember(_ sighting: Sighting, until forgetAt: Instant) -> UInt64 {
        let id = nextID
        var entry = Entry(sighting: sighting, witnesses: sighting.witness.bit, forgetAt: forgetAt)
        entry.olderInPlace = byPlace.updateValue(id, forKey: Self.place(of: sighting)) ?? 0
        if let span = sighting.span { entry.olderOfSpan = bySpan.updateValue(id, forKey: span) ?? 0 }
        alike[sighting.likeness, default: Alike()].note(sighting.witness, isNew: true)
        if count == ring.count { grow(filledWith: entry) }
        nextID += 1
        ring[place(of: id)] = entry
        return id
    }

    mutating func forgetFirst() {
        guard let entry = first else { return }
        let sighting = entry.sighting
        if byPlace[Self.place(of: sighting)] == firstID { byPlace[Self.place(of: sighting)] = nil }
        if let span = sighting.span, bySpan[span] == firstID { bySpan[span] = nil }
        forgetAlike(entry)
        firstID += 1
    }

    /// A further witness told of it.
    mutating func note(_ witness: Witness, of id: UInt64) {
        guard isRemembered(id), ring[place(of: id)].witnesses & witness.bit == 0 else { return }
        ring[place(of: id)].witnesses |= witness.bit
        alike[ring[place(of: id)].sighting.likeness]?.note(witness, isNew: false)
    }

    /// Whether one of this likeness was not told of by `witness`.
    func holdsOther(than witness: Witness, likeness: UInt64) -> Bool {
        guard let known = alike[likeness] else { return false }
        return known.countByWitness[Int(witness.rawValue)] < known.count
    }

    /// Those of one likeness that began in one slot of time, the latest one first, until `body` says that it is enough.
    func forEach(likeness: UInt64, slot: Int64, _ body: (UInt64, Entry) -> Bool) {
        var id = byPlace[Place(likeness: likeness, slot: slot)] ?? 0
        while let entry = self[id], body(id, entry) { id = entry.olderInPlace }
    }

    /// Those of one span, the latest one first, until `body` says that it is enough.
    func forEach(of span: SpanID, _ body: (UInt64, Entry) -> Bool) {
        var id = bySpan[span] ?? 0
        while let entry = self[id], body(id, entry) { id = entry.olderOfSpan }
    }

    private static func place(of sighting: Sighting) -> Place {
        Place(likeness: sighting.likeness, slot: slot(ofNs: sighting.beganNs))
    }

    private func isRemembered(_ id: UInt64) -> Bool { id >= firstID && id < nextID }

    private func place(of id: UInt64) -> Int { Int(truncatingIfNeeded: id) & (ring.count - 1) }

    private mutating func grow(filledWith entry: Entry) {
        let old = ring
        ring = [Entry](repeating: entry, count: max(64, old.count * 2))
        for id in firstID..<nextID { ring[place(of: id)] = old[Int(truncatingIfNeeded: id) & (old.count - 1)] }
    }

    private mutating func forgetAlike(_ entry: Entry) {
        let likeness = entry.sighting.likeness
        guard var known = alike[likeness], known.count > 1 else {
            alike[likeness] = nil
            return
        }
        known.count -= 1
        for witness in known.countByWitness.indices where entry.witnesses & (1 << UInt8(witness)) != 0 {
            known.countByWitness[witness] -= 1
        }
        alike[likeness] = known
    }
}
