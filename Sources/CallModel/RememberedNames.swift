import Glibc

/// Remembers what was worked out for a name: names of headers and partners come with every call, and few are new.
///
/// A direct-mapped table: each name has one place, and the last to come there stays. So memory is bounded, nothing is ever cleared,
/// and two names that share a place only cost what no table would. Names are compared byte for byte: an answer is never another's.
public struct RememberedNames<Value> {
    @usableFromInline let placeCount: Int
    @usableFromInline let hash = ByteHash()
    @usableFromInline var places: [(name: String, value: Value)?]

    /// - Parameter placeCount: a power of two.
    public init(placeCount: Int) {
        precondition(placeCount > 0 && placeCount & (placeCount - 1) == 0)
        self.placeCount = placeCount
        places = Array(repeating: nil, count: placeCount)
    }

    @inlinable
    public mutating func value(of name: String, orElse make: (String) -> Value) -> Value {
        var name = name
        let place = name.withUTF8 {
            Int(truncatingIfNeeded: hash.of(UnsafeRawBufferPointer($0))) & (placeCount - 1)
        }
        if let known = places[place], name.hasSameBytes(as: known.name) { return known.value }
        let value = make(name)
        places[place] = (name, value)
        return value
    }
}

extension String {
    /// Whether both are the same bytes; `==` also takes different spellings of one character for the same.
    @inlinable
    public func hasSameBytes(as other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        var (left, right) = (self, other)
        return left.withUTF8 { left in
            right.withUTF8 { right in
                guard let start = left.baseAddress, let otherStart = right.baseAddress else { return true }
                return memcmp(start, otherStart, left.count) == 0
            }
        }
    }
}
