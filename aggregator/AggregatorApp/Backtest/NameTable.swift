import Glibc
import Rollups

/// Numbers the names of one kind, from 1; 0 is none. Finds them by their bytes, without making a `String`.
struct NameTable {
    /// Names beyond it are one: `{other}`.
    static let countMax = 1_000_000

    private(set) var names: [String] = ["{none}"]
    private var slots = [Int32](repeating: 0, count: 1 << 10)
    private var hashes = [UInt64](repeating: 0, count: 1 << 10)

    mutating func number(of bytes: UnsafeBufferPointer<UInt8>) -> NameID {
        guard let start = bytes.baseAddress, !bytes.isEmpty else { return 0 }
        let hash = byteHash(UnsafeRawBufferPointer(start: start, count: bytes.count))
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] != 0 {
            if hashes[slot] == hash { return slots[slot] }
            slot = (slot + 1) & (slots.count - 1)
        }
        guard names.count < Self.countMax else { return NameID(Self.countMax - 1) }
        names.append(String(decoding: bytes, as: UTF8.self))
        slots[slot] = NameID(names.count - 1)
        hashes[slot] = hash
        if names.count * 2 > slots.count { grow() }
        return NameID(names.count - 1)
    }

    mutating func number(of name: String) -> NameID {
        var name = name
        return name.withUTF8 { number(of: $0) }
    }

    func name(_ number: NameID) -> String {
        names.indices.contains(Int(number)) ? names[Int(number)] : "{unknown}"
    }

    private mutating func grow() {
        let size = slots.count * 2
        var (newSlots, newHashes) = ([Int32](repeating: 0, count: size), [UInt64](repeating: 0, count: size))
        for old in slots.indices where slots[old] != 0 {
            var slot = Int(truncatingIfNeeded: hashes[old]) & (size - 1)
            while newSlots[slot] != 0 { slot = (slot + 1) & (size - 1) }
            newSlots[slot] = slots[old]
            newHashes[slot] = hashes[old]
        }
        (slots, hashes) = (newSlots, newHashes)
    }
}

/// 64 bits that tell texts apart: two of a table's million names share them with a chance of about 10^-8.
@inline(__always)
func byteHash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var hash: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(truncatingIfNeeded: bytes.count)
    var at = 0
    while at + 8 <= bytes.count {
        hash = (hash ^ bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)) &* 0xD6E8_FEB8_6659_FD93
        hash ^= hash >> 32
        at += 8
    }
    var tail: UInt64 = 0
    while at < bytes.count {
        tail = tail << 8 | UInt64(bytes[at])
        at += 1
    }
    hash = (hash ^ tail) &* 0xD6E8_FEB8_6659_FD93
    hash ^= hash >> 29
    hash = hash &* 0xBF58_476D_1CE4_E5B9
    return hash ^ hash >> 32
}

/// Ids seen in the last ten to twenty minutes, by hash; bounded.
struct RecentIDs {
    private static let countMax = 4_000_000
    private var current = HashSet()
    private var before = HashSet()
    private var since = Int64.min

    /// Whether the id is new.
    mutating func insert(_ id: UnsafeBufferPointer<UInt8>, at now: Int64) -> Bool {
        if now &- since > 600_000_000_000 || current.count >= Self.countMax {
            swap(&before, &current)
            current.removeAll()
            since = now
        }
        let hash = byteHash(UnsafeRawBufferPointer(id)) | 1
        return !before.contains(hash) && current.insert(hash)
    }
}

/// Numbers that are hashes already.
private struct HashSet {
    private var slots = [UInt64](repeating: 0, count: 1 << 10)
    private(set) var count = 0

    func contains(_ hash: UInt64) -> Bool { slots[place(hash)] != 0 }

    mutating func insert(_ hash: UInt64) -> Bool {
        let place = place(hash)
        guard slots[place] == 0 else { return false }
        slots[place] = hash
        count += 1
        if count * 2 > slots.count { grow() }
        return true
    }

    mutating func removeAll() {
        // As large as it was needed last: a quiet hour gives the memory of a busy one back.
        var size = 1 << 10
        while size < count * 4 { size *= 2 }
        slots = [UInt64](repeating: 0, count: size)
        count = 0
    }

    @inline(__always)
    private func place(_ hash: UInt64) -> Int {
        var place = Int(truncatingIfNeeded: hash >> 8) & (slots.count - 1)
        while slots[place] != 0, slots[place] != hash { place = (place + 1) & (slots.count - 1) }
        return place
    }

    private mutating func grow() {
        let old = slots
        slots = [UInt64](repeating: 0, count: old.count * 2)
        for hash in old where hash != 0 { slots[place(hash)] = hash }
    }
}
