/// Strings that repeat, written once: index 0 is "none", index i is `strings[i - 1]`.
struct StringTable {
    private(set) var strings: [String] = []
    private var indices: [String: UInt32] = [:]

    mutating func index(of string: String?) -> UInt64 {
        guard let string else { return 0 }
        if let index = indices[string] { return UInt64(index) }
        strings.append(string)
        indices[string] = UInt32(strings.count)
        return UInt64(strings.count)
    }

    /// Keeps the storage: the next batch is about as large.
    mutating func removeAll() {
        strings.removeAll(keepingCapacity: true)
        indices.removeAll(keepingCapacity: true)
    }
}

/// Byte strings of one column: lengths apart from contents, so that each compresses with its like.
struct BytesColumn {
    var lengths: [UInt8] = []
    var contents: [UInt8] = []

    mutating func append(_ value: some Collection<UInt8>) {
        lengths.appendVarint(UInt64(value.count))
        contents.append(contentsOf: value)
    }

    mutating func removeAll() {
        lengths.removeAll(keepingCapacity: true)
        contents.removeAll(keepingCapacity: true)
    }
}
