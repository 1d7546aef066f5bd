import Glibc

/// The names of an object's fields in JSON, for finding one by the bytes of a key without making a `String`.
protocol FieldName: CaseIterable, Sendable {
    var key: StaticString { get }
}

/// A small hash table with open addressing, made once for each kind of object.
struct FieldTable<Field: FieldName>: Sendable {
    private let slots: [Field?]
    private let mask: Int

    init() {
        let fields = Array(Field.allCases)
        // At most a quarter full: most keys are found at the first place looked at.
        var size = 8
        while size < fields.count * 4 { size *= 2 }
        var slots = [Field?](repeating: nil, count: size)
        mask = size - 1
        for field in fields {
            let key = UnsafeBufferPointer(start: field.key.utf8Start, count: field.key.utf8CodeUnitCount)
            var slot = FieldTable.hash(key) & mask
            while slots[slot] != nil { slot = (slot + 1) & mask }
            slots[slot] = field
        }
        self.slots = slots
    }

    subscript(key: UnsafeBufferPointer<UInt8>) -> Field? {
        var slot = FieldTable.hash(key) & mask
        while let field = slots[slot] {
            let name = field.key
            if name.utf8CodeUnitCount == key.count, let start = key.baseAddress,
                memcmp(start, name.utf8Start, key.count) == 0
            {
                return field
            }
            slot = (slot + 1) & mask
        }
        return nil
    }

    private static func hash(_ key: UnsafeBufferPointer<UInt8>) -> Int {
        guard let first = key.first, let last = key.last else { return 0 }
        return key.count &* 7 &+ Int(first) &* 3 &+ Int(last) &* 5 &+ Int(key[key.count / 2])
    }
}
