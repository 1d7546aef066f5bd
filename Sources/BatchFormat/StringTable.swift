import CallModel
import Glibc

/// Strings that repeat, written once: index 0 is "none", index i is `strings[i - 1]`.
///
/// A hash table of its own over bytes: every name of every call is looked up here, and Swift's dictionary would hash each twice as
/// carefully and take canonically equivalent texts for one.
struct StringTable {
    private(set) var strings: [String] = []
    private var hashes: [UInt64] = []
    /// Indices into `strings` from 1 on, 0 where nothing lies; open addressing, at most half full.
    private var slots = [UInt32](repeating: 0, count: slotCountMin)

    private static let slotCountMin = 256

    mutating func index(of string: String?) -> UInt64 {
        guard var string else { return 0 }
        return string.withUTF8 { index(of: $0) } ?? add(string)
    }

    /// The same for a string that has not been made yet.
    mutating func index(ofBytes bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        index(of: bytes) ?? add(String(decoding: bytes, as: UTF8.self))
    }

    /// Adds what another table has: `result[i]` is here what `i` is there.
    mutating func take(_ other: StringTable) -> [UInt64] {
        [0] + other.strings.map { index(of: $0) }
    }

    /// Keeps the storage: the next batch is about as large.
    mutating func removeAll() {
        strings.removeAll(keepingCapacity: true)
        hashes.removeAll(keepingCapacity: true)
        for slot in slots.indices { slots[slot] = 0 }
    }

    private func index(of bytes: UnsafeBufferPointer<UInt8>) -> UInt64? {
        let hash = ByteHash.of(UnsafeRawBufferPointer(bytes))
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] != 0 {
            let index = Int(slots[slot]) - 1
            if hashes[index] == hash, isSame(strings[index], bytes) { return UInt64(slots[slot]) }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private func isSame(_ string: String, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        var string = string
        return string.withUTF8 { known in
            guard known.count == bytes.count, let start = known.baseAddress, let other = bytes.baseAddress else {
                return known.count == bytes.count
            }
            return memcmp(start, other, known.count) == 0
        }
    }

    private mutating func add(_ string: String) -> UInt64 {
        var copy = string
        hashes.append(copy.withUTF8 { ByteHash.of(UnsafeRawBufferPointer($0)) })
        strings.append(string)
        if strings.count * 2 > slots.count {
            slots = [UInt32](repeating: 0, count: slots.count * 2)
            for index in strings.indices { place(index) }
        } else {
            place(strings.count - 1)
        }
        return UInt64(strings.count)
    }

    private mutating func place(_ index: Int) {
        var slot = Int(truncatingIfNeeded: hashes[index]) & (slots.count - 1)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = UInt32(index + 1)
    }
}

/// Byte strings of one column: lengths apart from contents, so that each compresses with its like.
struct BytesColumn {
    var lengths: [UInt8] = []
    var contents: [UInt8] = []

    mutating func append(_ value: UnsafeBufferPointer<UInt8>) {
        lengths.appendVarint(UInt64(value.count))
        contents.append(contentsOf: value)
    }

    mutating func append(_ value: String) {
        var value = value
        value.withUTF8 { append($0) }
    }

    mutating func append(_ value: [UInt8]) {
        value.withUnsafeBufferPointer { append($0) }
    }

    mutating func append(_ other: BytesColumn) {
        lengths += other.lengths
        contents += other.contents
    }
}
