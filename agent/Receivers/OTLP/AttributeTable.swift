import Glibc

/// Tells what the key of an attribute means to us.
///
/// Most attributes of most spans mean nothing here, so the miss must be as cheap as the hit: one hash over both ends of
/// the key and its length, one comparison, no `String`. Made once for each decoder, because settings name the
/// customer's attributes.
struct AttributeTable {
    enum Meaning {
        case value(SpanAttribute)
        /// A captured header; the text is its name as the SDK wrote it.
        case requestHeader(BorrowedText)
        case responseHeader(BorrowedText)
        case none
    }

    private struct Entry {
        var key: [UInt8]
        var attribute: SpanAttribute
    }

    /// A power of two, kept under a quarter full.
    private static let slotCount = 256
    private static let requestHeaderPrefix = Array("http.request.header.".utf8)
    private static let responseHeaderPrefix = Array("http.response.header.".utf8)

    /// The index of an entry plus one; 0 is a free slot.
    private var slots = [UInt8](repeating: 0, count: slotCount)
    private var entries: [Entry] = []
    private let requestHeaderPrefix = Self.requestHeaderPrefix
    private let responseHeaderPrefix = Self.responseHeaderPrefix

    init(customerAttributes: [String]) {
        for attribute in SpanAttribute.allCases {
            guard let name = attribute.name else { continue }
            insert(name, attribute)
        }
        for (name, attribute) in zip(customerAttributes, SpanAttribute.customers) { insert(name, attribute) }
    }

    private mutating func insert(_ name: String, _ attribute: SpanAttribute) {
        let key = Array(name.utf8)
        let start = key.withUnsafeBytes { Self.slot(of: $0) }
        var slot = start
        while slots[slot] != 0 {
            // A name settings chose that is read already: the first meaning stays.
            if entries[Int(slots[slot]) - 1].key == key { return }
            slot = (slot + 1) % Self.slotCount
        }
        entries.append(Entry(key: key, attribute: attribute))
        slots[slot] = UInt8(entries.count)
    }

    func meaning(of key: UnsafeRawBufferPointer) -> Meaning {
        guard let bytes = key.baseAddress else { return .none }
        var slot = Self.slot(of: key)
        while slots[slot] != 0 {
            let entry = entries[Int(slots[slot]) &- 1]
            if entry.key.count == key.count, memcmp(entry.key, bytes, key.count) == 0 { return .value(entry.attribute) }
            slot = (slot &+ 1) & (Self.slotCount &- 1)
        }
        if let name = name(in: key, after: requestHeaderPrefix) { return .requestHeader(name) }
        if let name = name(in: key, after: responseHeaderPrefix) { return .responseHeader(name) }
        return .none
    }

    private func name(in key: UnsafeRawBufferPointer, after prefix: [UInt8]) -> BorrowedText? {
        guard key.count > prefix.count, let bytes = key.baseAddress, memcmp(prefix, bytes, prefix.count) == 0 else {
            return nil
        }
        return UnsafeRawBufferPointer(rebasing: key[prefix.count...]).assumingMemoryBound(to: UInt8.self)
    }

    @inline(__always)
    private static func slot(of key: UnsafeRawBufferPointer) -> Int {
        var head: UInt64 = 0
        var tail: UInt64 = 0
        if key.count >= 8 {
            head = key.loadUnaligned(as: UInt64.self)
            tail = key.loadUnaligned(fromByteOffset: key.count &- 8, as: UInt64.self)
        } else {
            for byte in key { head = head &<< 8 | UInt64(byte) }
        }
        let mixed =
            (head ^ (tail &* 0x9e37_79b9_7f4a_7c15) ^ UInt64(truncatingIfNeeded: key.count)) &* 0xd6e8_feb8_6659_fd93
        return Int(truncatingIfNeeded: mixed &>> 56)
    }
}
