import CallModel
import Glibc

/// Strings that repeat, written once: index 0 is "none", index i is the string added as the i-th.
///
/// A hash table of its own over bytes: every name of every call is looked up here, and Swift's dictionary would hash each twice as
/// carefully and take canonically equivalent texts for one.
struct StringTable {
    private(set) var count = 0
    private let hash = ByteHash()
    /// All strings, one behind the other.
    private var bytes: [UInt8] = []
    /// Where string `i` begins; and behind the last, where the next will.
    private var starts = [0]
    private var hashes: [UInt64] = []
    /// Numbers of strings from 1 on, 0 where nothing lies; open addressing, at most half full.
    private var slots = [UInt32](repeating: 0, count: slotCountMin)

    private static let slotCountMin = 256

    mutating func index(of string: String?) -> UInt64 {
        guard var string else { return 0 }
        return string.withUTF8 { index(ofBytes: $0) }
    }

    /// The same for a string that has not been made yet; it must be UTF-8.
    mutating func index(ofBytes text: UnsafeBufferPointer<UInt8>) -> UInt64 {
        let hash = self.hash.of(UnsafeRawBufferPointer(text))
        return index(of: text, hash) ?? add(text, hash)
    }

    /// Adds what another table has: `result[i]` is here what `i` is there.
    mutating func take(_ other: StringTable) -> [UInt64] {
        var renumbered: [UInt64] = [0]
        renumbered.reserveCapacity(other.count + 1)
        other.bytes.withUnsafeBufferPointer { bytes in
            for number in 0..<other.count {
                let text = UnsafeBufferPointer(rebasing: bytes[other.starts[number]..<other.starts[number + 1]])
                renumbered.append(index(of: text, other.hashes[number]) ?? add(text, other.hashes[number]))
            }
        }
        return renumbered
    }

    /// Each as an element of a repeated field.
    func write(field: Int, to wire: inout WireWriter) {
        for number in 0..<count { wire.element(field: field, bytes[starts[number]..<starts[number + 1]]) }
    }

    /// Keeps the storage: the next batch is about as large.
    mutating func removeAll() {
        count = 0
        bytes.removeAll(keepingCapacity: true)
        starts.removeLast(starts.count - 1)
        hashes.removeAll(keepingCapacity: true)
        for slot in slots.indices { slots[slot] = 0 }
    }

    private func index(of text: UnsafeBufferPointer<UInt8>, _ hash: UInt64) -> UInt64? {
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] != 0 {
            let number = Int(slots[slot]) - 1
            if hashes[number] == hash, isSame(number, text) { return UInt64(slots[slot]) }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private func isSame(_ number: Int, _ text: UnsafeBufferPointer<UInt8>) -> Bool {
        let start = starts[number]
        guard starts[number + 1] - start == text.count else { return false }
        return bytes.withUnsafeBufferPointer { known in
            guard let known = known.baseAddress, let text = UnsafeRawPointer(text.baseAddress) else { return true }
            return memcmp(known + start, text, starts[number + 1] - start) == 0
        }
    }

    private mutating func add(_ text: UnsafeBufferPointer<UInt8>, _ hash: UInt64) -> UInt64 {
        bytes.append(contentsOf: text)
        starts.append(bytes.count)
        hashes.append(hash)
        count += 1
        if count * 2 > slots.count {
            slots = [UInt32](repeating: 0, count: slots.count * 2)
            for number in 0..<count { place(number) }
        } else {
            place(count - 1)
        }
        return UInt64(count)
    }

    private mutating func place(_ number: Int) {
        var slot = Int(truncatingIfNeeded: hashes[number]) & (slots.count - 1)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = UInt32(number + 1)
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
