/// Typed reading. Each accessor comes twice: the plain one throws on null, the one that ends in `OrNull` returns nil.
/// All throw on another type than theirs, and on a column that is not there.
extension PostgresRow {
    public func bool(_ column: Int) throws(PostgresError) -> Bool { try present(column, boolOrNull(column)) }
    public func boolOrNull(_ column: Int) throws(PostgresError) -> Bool? {
        try decoded(column, as: "bool", where: { $0 == .bool }) { $0.count == 1 ? $0[0] != 0 : nil }
    }

    public func int2(_ column: Int) throws(PostgresError) -> Int16 { try present(column, int2OrNull(column)) }
    public func int2OrNull(_ column: Int) throws(PostgresError) -> Int16? {
        try decoded(column, as: "int2", where: { $0 == .int2 }, integer)
    }

    public func int4(_ column: Int) throws(PostgresError) -> Int32 { try present(column, int4OrNull(column)) }
    public func int4OrNull(_ column: Int) throws(PostgresError) -> Int32? {
        try decoded(column, as: "int4", where: { $0 == .int4 }, integer)
    }

    public func int8(_ column: Int) throws(PostgresError) -> Int64 { try present(column, int8OrNull(column)) }
    public func int8OrNull(_ column: Int) throws(PostgresError) -> Int64? {
        try decoded(column, as: "int8", where: { $0 == .int8 }, integer)
    }

    /// Any of int2, int4, int8 and oid.
    public func int(_ column: Int) throws(PostgresError) -> Int { try present(column, intOrNull(column)) }
    public func intOrNull(_ column: Int) throws(PostgresError) -> Int? {
        switch column >= 0 && column < rows.columnCount ? rows.columnType(column) : .int8 {
        case .int2: try int2OrNull(column).map { Int($0) }
        case .int4: try int4OrNull(column).map { Int($0) }
        case .oid:
            try decoded(column, as: "oid", where: { $0 == .oid }) { integer($0).map { (oid: UInt32) in Int(oid) } }
        default: try int8OrNull(column).map { Int($0) }
        }
    }

    /// float8, and float4 widened.
    public func float8(_ column: Int) throws(PostgresError) -> Double { try present(column, float8OrNull(column)) }
    public func float8OrNull(_ column: Int) throws(PostgresError) -> Double? {
        try decoded(column, as: "float8", where: { $0 == .float8 || $0 == .float4 }) { bytes in
            if let pattern: UInt64 = integer(bytes) { return Double(bitPattern: pattern) }
            return integer(bytes).map { (pattern: UInt32) in Double(Float(bitPattern: pattern)) }
        }
    }

    /// text, varchar, char, name, json, jsonb, and the types users define: enumerations travel as text.
    public func text(_ column: Int) throws(PostgresError) -> String { try present(column, textOrNull(column)) }
    public func textOrNull(_ column: Int) throws(PostgresError) -> String? {
        let isJSONB = column >= 0 && column < rows.columnCount && rows.columnType(column) == .jsonb
        return try decoded(column, as: "text", where: isText) { bytes in
            guard !isJSONB || bytes.first == jsonbVersion else { return nil }
            return string(isJSONB ? UnsafeRawBufferPointer(rebasing: bytes.dropFirst()) : bytes)
        }
    }

    public func bytea(_ column: Int) throws(PostgresError) -> [UInt8] { try present(column, byteaOrNull(column)) }
    public func byteaOrNull(_ column: Int) throws(PostgresError) -> [UInt8]? {
        try decoded(column, as: "bytea", where: { $0 == .bytea }) { [UInt8]($0) }
    }

    public func uuid(_ column: Int) throws(PostgresError) -> PostgresUUID { try present(column, uuidOrNull(column)) }
    public func uuidOrNull(_ column: Int) throws(PostgresError) -> PostgresUUID? {
        try decoded(column, as: "uuid", where: { $0 == .uuid }, uuidValue)
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    public func timestamptz(_ column: Int) throws(PostgresError) -> Int64 {
        try present(column, timestamptzOrNull(column))
    }
    public func timestamptzOrNull(_ column: Int) throws(PostgresError) -> Int64? {
        try decoded(column, as: "timestamptz", where: { $0 == .timestamptz }, timestamp)
    }

    func present<R>(_ column: Int, _ value: R?) throws(PostgresError) -> R {
        guard let value else { throw mismatch(column, "is null") }
        return value
    }
}

/// Arrays of one dimension. `…ArrayOrNull` is nil where the array itself is null; null elements are kept by the
/// accessors that return optionals and refused by the others.
extension PostgresRow {
    public func int2Array(_ column: Int) throws(PostgresError) -> [Int16] { try integers(column, .int2Array) }
    public func int4Array(_ column: Int) throws(PostgresError) -> [Int32] { try integers(column, .int4Array) }
    public func int8Array(_ column: Int) throws(PostgresError) -> [Int64] { try integers(column, .int8Array) }
    public func textArray(_ column: Int) throws(PostgresError) -> [String] { try elements(column, .textArray, string) }
    public func uuidArray(_ column: Int) throws(PostgresError) -> [PostgresUUID] {
        try elements(column, .uuidArray, uuidValue)
    }
    public func byteaArray(_ column: Int) throws(PostgresError) -> [[UInt8]] {
        try elements(column, .byteaArray) { [UInt8]($0) }
    }
    public func float8Array(_ column: Int) throws(PostgresError) -> [Double] {
        try elements(column, .float8Array) { integer($0).map { (pattern: UInt64) in Double(bitPattern: pattern) } }
    }
    /// Microseconds since 1970-01-01T00:00:00Z.
    public func timestamptzArray(_ column: Int) throws(PostgresError) -> [Int64] {
        try elements(column, .timestamptzArray, timestamp)
    }
    public func optionalInt8Array(_ column: Int) throws(PostgresError) -> [Int64?] {
        try present(column, optionalElements(column, .int8Array, integer))
    }
    public func optionalTextArray(_ column: Int) throws(PostgresError) -> [String?] {
        try present(column, optionalElements(column, .textArray, string))
    }

    /// Counts are read by the million: without nulls their places are known.
    private func integers<I: FixedWidthInteger>(_ column: Int, _ type: PostgresType) throws(PostgresError) -> [I] {
        let plain: [I]?? = try decoded(column, as: "array", where: { $0 == type }) { bytes in
            .some(BinaryArray.integers(of: bytes))
        }
        if let values = plain ?? nil { return values }
        return try elements(column, type, integer)
    }

    private func elements<R>(
        _ column: Int, _ type: PostgresType, _ decode: (UnsafeRawBufferPointer) -> R?
    ) throws(PostgresError) -> [R] {
        let elements = try present(column, optionalElements(column, type, decode))
        var values: [R] = []
        values.reserveCapacity(elements.count)
        for element in elements {
            guard let element else { throw mismatch(column, "holds a null element") }
            values.append(element)
        }
        return values
    }

    private func optionalElements<R>(
        _ column: Int, _ type: PostgresType, _ decode: (UnsafeRawBufferPointer) -> R?
    ) throws(PostgresError) -> [R?]? {
        try decoded(column, as: "array", where: { $0 == type }) { BinaryArray.elements(of: $0, decode) }
    }
}

/// Reads what `PostgresValue`'s arrays write. Lengths are checked although a server sent them.
enum BinaryArray {
    /// Header and length of an element, before the first of a plain array.
    private static let headerByteCount = 20

    /// Of an array without nulls; nil for any other.
    static func integers<I: FixedWidthInteger>(of bytes: UnsafeRawBufferPointer) -> [I]? {
        func word(_ offset: Int) -> Int32 {
            Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self))
        }
        let elementByteCount = 4 + MemoryLayout<I>.size
        guard bytes.count >= headerByteCount, word(0) == 1, word(4) == 0 else { return nil }
        let count = (bytes.count - headerByteCount) / elementByteCount
        guard word(12) == count, bytes.count == headerByteCount + count * elementByteCount else { return nil }
        for index in 0..<count where word(headerByteCount + index * elementByteCount) != MemoryLayout<I>.size {
            return nil
        }
        return (0..<count).map { index in
            let offset = headerByteCount + index * elementByteCount + 4
            return I(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: I.self))
        }
    }

    static func elements<R>(of bytes: UnsafeRawBufferPointer, _ decode: (UnsafeRawBufferPointer) -> R?) -> [R?]? {
        var rest = bytes[...]
        func take(_ count: Int) -> UnsafeRawBufferPointer? {
            guard count <= rest.count else { return nil }
            defer { rest = rest.dropFirst(count) }
            return UnsafeRawBufferPointer(rebasing: rest.prefix(count))
        }
        func takeInt32() -> Int32? { take(4).flatMap(integer) }

        guard let dimensions = takeInt32(), takeInt32() != nil, takeInt32() != nil else { return nil }
        if dimensions == 0 { return [] }
        // Each element has at least its length: a count the bytes cannot hold reserves nothing.
        guard dimensions == 1, let count = takeInt32(), takeInt32() != nil, count >= 0, count <= rest.count / 4 else {
            return nil
        }
        var values: [R?] = []
        values.reserveCapacity(Int(count))
        for _ in 0..<count {
            guard let byteCount = takeInt32() else { return nil }
            if byteCount < 0 {
                values.append(nil)
            } else {
                guard let element = take(Int(byteCount)), let value = decode(element) else { return nil }
                values.append(value)
            }
        }
        return values
    }
}

private func isText(_ type: PostgresType) -> Bool {
    switch type {
    case .text, .varchar, .bpchar, .name, .json, .jsonb, .unknown: true
    default: type.isUserDefined
    }
}

private func integer<I: FixedWidthInteger>(_ bytes: UnsafeRawBufferPointer) -> I? {
    bytes.count == MemoryLayout<I>.size ? I(bigEndian: bytes.loadUnaligned(as: I.self)) : nil
}

private func string(_ bytes: UnsafeRawBufferPointer) -> String? {
    String(validating: bytes, as: UTF8.self)
}

private func uuidValue(_ bytes: UnsafeRawBufferPointer) -> PostgresUUID? {
    guard bytes.count == 16 else { return nil }
    return PostgresUUID(
        high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
        low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
}

private func timestamp(_ bytes: UnsafeRawBufferPointer) -> Int64? {
    integer(bytes).map(TimestampEpoch.unixValue)
}
