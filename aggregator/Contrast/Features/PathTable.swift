/// The places in the requests of one route, each with a small number: `$.items[].sku` is one place however many items there are.
///
/// A tree that only grows, up to `placesMax`; what comes later has no number (`none`) and is counted. Four roots: the body,
/// the query, the headers, and the dimensions of the call itself.
struct PathTable {
    static let none: Int32 = -1
    static let body: Int32 = 0
    static let query: Int32 = 1
    static let header: Int32 = 2
    static let dimension: Int32 = 3

    private struct Entry {
        var parent: Int32
        var keyStart: Int32
        var keyCount: Int32
        /// Whether it stands for the elements of an array.
        var isElement: Bool
    }

    let placesMax: Int
    private(set) var refusedCount = 0
    /// Whether bodies here are XML: their paths are written with slashes.
    var isXML = false
    private var entries: [Entry] = []
    private var keys: [UInt8] = []
    private var slots: [Int32] = Array(repeating: -1, count: 256)
    private(set) var children: [[Int32]] = []

    init(placesMax: Int) {
        self.placesMax = max(8, placesMax)
        for _ in 0..<4 { append(Entry(parent: Self.none, keyStart: 0, keyCount: 0, isElement: false)) }
    }

    var count: Int { entries.count }

    private mutating func append(_ entry: Entry) {
        entries.append(entry)
        children.append([])
        if entry.parent >= 0 { children[Int(entry.parent)].append(Int32(truncatingIfNeeded: entries.count - 1)) }
    }

    func parent(of path: Int32) -> Int32 { entries[Int(path)].parent }
    func isElement(_ path: Int32) -> Bool { entries[Int(path)].isElement }

    func key(of path: Int32) -> String {
        let entry = entries[Int(path)]
        return String(decoding: keys[Int(entry.keyStart)..<Int(entry.keyStart + entry.keyCount)], as: UTF8.self)
    }

    /// The root above a place.
    func root(of path: Int32) -> Int32 {
        var path = path
        while entries[Int(path)].parent >= 0 { path = entries[Int(path)].parent }
        return path
    }

    /// The place of a member below `parent`; nil where it was never seen.
    func find(_ key: UnsafeBufferPointer<UInt8>, below parent: Int32) -> Int32? {
        let place = slots[slot(of: key, below: parent, isElement: false)]
        return place >= 0 ? place : nil
    }

    /// The place of a member below `parent`, made when it is new; `none` when the table is full.
    mutating func child(_ key: UnsafeBufferPointer<UInt8>, below parent: Int32) -> Int32 {
        intern(key, below: parent, isElement: false)
    }

    mutating func child(_ key: String, below parent: Int32) -> Int32 {
        var key = key
        return key.withUTF8 { child($0, below: parent) }
    }

    mutating func element(of array: Int32) -> Int32 {
        intern(UnsafeBufferPointer(start: nil, count: 0), below: array, isElement: true)
    }

    func findElement(of array: Int32) -> Int32? {
        let place = slots[slot(of: UnsafeBufferPointer(start: nil, count: 0), below: array, isElement: true)]
        return place >= 0 ? place : nil
    }

    private mutating func intern(
        _ key: UnsafeBufferPointer<UInt8>, below parent: Int32, isElement: Bool
    ) -> Int32 {
        guard parent >= 0 else { return Self.none }
        let slot = slot(of: key, below: parent, isElement: isElement)
        if slots[slot] >= 0 { return slots[slot] }
        guard entries.count < placesMax, key.count <= Self.keyByteCountMax else {
            refusedCount &+= 1
            return Self.none
        }
        let place = Int32(truncatingIfNeeded: entries.count)
        let start = Int32(truncatingIfNeeded: keys.count)
        keys.append(contentsOf: key)
        append(
            Entry(
                parent: parent, keyStart: start, keyCount: Int32(truncatingIfNeeded: key.count), isElement: isElement))
        slots[slot] = place
        if entries.count * 2 > slots.count { grow() }
        return place
    }

    private static let keyByteCountMax = 256

    /// Where a key is, or where it would go.
    private func slot(of key: UnsafeBufferPointer<UInt8>, below parent: Int32, isElement: Bool) -> Int {
        var slot = Int(truncatingIfNeeded: Self.hash(key, parent, isElement)) & (slots.count - 1)
        while slots[slot] >= 0, !isSame(slots[slot], key, parent, isElement) { slot = (slot + 1) & (slots.count - 1) }
        return slot
    }

    private func isSame(
        _ place: Int32, _ key: UnsafeBufferPointer<UInt8>, _ parent: Int32, _ isElement: Bool
    ) -> Bool {
        let entry = entries[Int(place)]
        guard entry.parent == parent, entry.isElement == isElement, Int(entry.keyCount) == key.count else {
            return false
        }
        let start = Int(entry.keyStart)
        for index in 0..<key.count where keys[start + index] != key[index] { return false }
        return true
    }

    private static func hash(_ key: UnsafeBufferPointer<UInt8>, _ parent: Int32, _ isElement: Bool) -> UInt64 {
        mixed(hashBytes(key) ^ UInt64(UInt32(bitPattern: parent)) << 1 ^ (isElement ? 1 : 0))
    }

    private mutating func grow() {
        slots = Array(repeating: -1, count: slots.count * 2)
        for place in entries.indices.dropFirst(4) {
            let entry = entries[place]
            let hash = keys.withUnsafeBufferPointer { keys in
                let key = UnsafeBufferPointer(
                    rebasing: keys[Int(entry.keyStart)..<Int(entry.keyStart + entry.keyCount)])
                return Self.hash(key, entry.parent, entry.isElement)
            }
            var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(truncatingIfNeeded: place)
        }
    }
}

/// Spreads the bits of a word (the finalizer of MurmurHash3).
@inline(__always)
func mixed(_ word: UInt64) -> UInt64 {
    var word = word
    word = (word ^ (word >> 33)) &* 0xFF51_AFD7_ED55_8CCD
    word = (word ^ (word >> 33)) &* 0xC4CE_B9FE_1A85_EC53
    return word ^ (word >> 33)
}

/// A hash that is the same in every run: eight bytes at a time, multiplied and folded.
func hashBytes(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    let raw = UnsafeRawBufferPointer(bytes)
    var hash: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(bytes.count)
    var at = 0
    while raw.count - at >= 8 {
        hash = (hash ^ raw.loadUnaligned(fromByteOffset: at, as: UInt64.self)) &* 0xD6E8_FEB8_6659_FD93
        hash ^= hash >> 32
        at += 8
    }
    var rest: UInt64 = 0
    while at < raw.count {
        rest = rest << 8 | UInt64(raw[at])
        at += 1
    }
    hash = (hash ^ rest) &* 0xD6E8_FEB8_6659_FD93
    return hash ^ (hash >> 32)
}
