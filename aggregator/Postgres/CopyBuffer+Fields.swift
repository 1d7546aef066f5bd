extension CopyBuffer {
    /// Begins a row of `columnCount` fields, which are appended next.
    @inlinable
    public mutating func beginRow(columnCount: Int) {
        precondition(fieldsDue == 0, "the row before lacks fields")
        precondition(columnCount > 0 && columnCount <= 1600, "a table has 1 to 1,600 columns")
        reserve(2)
        store(Int16(truncatingIfNeeded: columnCount))
        fieldsDue = columnCount
        rowsBegun &+= 1
    }

    @inlinable
    public mutating func appendNull() {
        beginField(reserving: 0)
        store(Int32(-1))
    }

    @inlinable
    public mutating func append(bool value: Bool) {
        beginField(reserving: 1)
        store(Int32(1))
        store(UInt8(value ? 1 : 0))
    }

    @inlinable public mutating func append(int2 value: Int16) { appendInteger(value) }
    @inlinable public mutating func append(int4 value: Int32) { appendInteger(value) }
    @inlinable public mutating func append(int8 value: Int64) { appendInteger(value) }
    @inlinable public mutating func append(float8 value: Double) { appendInteger(value.bitPattern) }

    @inlinable
    public mutating func append(uuid value: PostgresUUID) {
        beginField(reserving: 16)
        store(Int32(16))
        store(value.high)
        store(value.low)
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    @inlinable
    public mutating func append(timestamptz microseconds: Int64) {
        appendInteger(TimestampEpoch.serverValue(fromUnix: microseconds))
    }

    @inlinable
    public mutating func append(bytea bytes: UnsafeRawBufferPointer) {
        appendBytes(bytes)
    }

    @inlinable
    public mutating func append(bytea bytes: [UInt8]) {
        bytes.withUnsafeBytes { appendBytes($0) }
    }

    /// Text; U+0000, which PostgreSQL cannot hold, becomes U+FFFD.
    @inlinable
    public mutating func append(text: String) {
        var text = text
        text.withUTF8 { utf8 in
            let bytes = UnsafeRawBufferPointer(utf8)
            if TextCheck.holdsZero(bytes) { appendRepaired(bytes) } else { appendBytes(bytes) }
        }
    }

    /// Text as bytes from outside; U+0000 and what is no UTF-8 become U+FFFD.
    @inlinable
    public mutating func append(utf8 bytes: UnsafeRawBufferPointer) {
        if TextCheck.isPlain(bytes) { appendBytes(bytes) } else { appendUnchecked(bytes) }
    }

    @inlinable
    public mutating func append(int2Array values: some Collection<Int16>) { appendArray(.int2, values) }
    @inlinable
    public mutating func append(int4Array values: some Collection<Int32>) { appendArray(.int4, values) }
    @inlinable
    public mutating func append(int8Array values: some Collection<Int64>) { appendArray(.int8, values) }

    /// Any type in its binary form; for other arrays, and where speed does not matter.
    public mutating func append(_ value: PostgresValue) {
        guard let bytes = value.bytes else { return appendNull() }
        append(bytea: bytes)
    }

    @inlinable public mutating func append(bool value: Bool?) {
        if let value { append(bool: value) } else { appendNull() }
    }
    @inlinable public mutating func append(int2 value: Int16?) {
        if let value { append(int2: value) } else { appendNull() }
    }
    @inlinable public mutating func append(int4 value: Int32?) {
        if let value { append(int4: value) } else { appendNull() }
    }
    @inlinable public mutating func append(int8 value: Int64?) {
        if let value { append(int8: value) } else { appendNull() }
    }
    @inlinable public mutating func append(float8 value: Double?) {
        if let value { append(float8: value) } else { appendNull() }
    }
    @inlinable public mutating func append(uuid value: PostgresUUID?) {
        if let value { append(uuid: value) } else { appendNull() }
    }
    @inlinable public mutating func append(timestamptz microseconds: Int64?) {
        if let microseconds { append(timestamptz: microseconds) } else { appendNull() }
    }
    @inlinable public mutating func append(bytea bytes: [UInt8]?) {
        if let bytes { append(bytea: bytes) } else { appendNull() }
    }
    @inlinable public mutating func append(text: String?) {
        if let text { append(text: text) } else { appendNull() }
    }
}

extension CopyBuffer {
    /// Room for the length and `byteCount` bytes after it.
    @inlinable
    mutating func beginField(reserving byteCount: Int) {
        precondition(fieldsDue > 0, "one field too many for the row")
        fieldsDue &-= 1
        reserve(4 &+ byteCount)
    }

    /// Only after `reserve`.
    @inlinable
    mutating func store(_ value: some FixedWidthInteger) {
        base.storeBytes(of: value.bigEndian, toByteOffset: used, as: type(of: value))
        used &+= MemoryLayout.size(ofValue: value)
    }

    @inlinable
    mutating func appendInteger<I: FixedWidthInteger>(_ value: I) {
        beginField(reserving: MemoryLayout<I>.size)
        store(Int32(truncatingIfNeeded: MemoryLayout<I>.size))
        store(value)
    }

    /// As `PostgresValue`'s arrays, without a copy between.
    @inlinable
    mutating func appendArray<I: FixedWidthInteger>(_ type: PostgresType, _ values: some Collection<I>) {
        let elementByteCount = 4 + MemoryLayout<I>.size
        precondition(values.count <= (1 << 30) / elementByteCount, "a field holds at most 1 GiB")
        // An empty array has no dimension at all.
        let byteCount = values.isEmpty ? 12 : 20 + values.count * elementByteCount
        beginField(reserving: byteCount)
        store(Int32(truncatingIfNeeded: byteCount))
        store(Int32(values.isEmpty ? 0 : 1))
        store(Int32(0))
        store(type.rawValue)
        guard !values.isEmpty else { return }
        store(Int32(truncatingIfNeeded: values.count))
        store(Int32(1))
        for value in values {
            store(Int32(truncatingIfNeeded: MemoryLayout<I>.size))
            store(value)
        }
    }

    @inlinable
    mutating func appendBytes(_ bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count <= 1 << 30, "a field holds at most 1 GiB")
        beginField(reserving: bytes.count)
        store(Int32(truncatingIfNeeded: bytes.count))
        if let start = bytes.baseAddress { (base + used).copyMemory(from: start, byteCount: bytes.count) }
        used &+= bytes.count
    }

    /// Not ASCII, or with a zero byte: the standard library knows whether it is UTF-8, and repairs what is not.
    @usableFromInline
    @inline(never)
    mutating func appendUnchecked(_ bytes: UnsafeRawBufferPointer) {
        if String(validating: bytes, as: UTF8.self) != nil {
            if TextCheck.holdsZero(bytes) { appendRepaired(bytes) } else { appendBytes(bytes) }
        } else {
            appendRepaired(bytes)
        }
    }

    @usableFromInline
    @inline(never)
    mutating func appendRepaired(_ bytes: UnsafeRawBufferPointer) {
        repairedTextCount &+= 1
        var repaired: [UInt8] = []
        String(decoding: bytes, as: UTF8.self).appendBinary(to: &repaired)
        append(bytea: repaired)
    }
}

/// Quick looks at text, eight bytes at a time.
@usableFromInline
enum TextCheck {
    @usableFromInline static let ones: UInt64 = 0x0101_0101_0101_0101
    @usableFromInline static let highs: UInt64 = 0x8080_8080_8080_8080

    @inlinable
    static func holdsZero(_ bytes: UnsafeRawBufferPointer) -> Bool {
        // A byte of x is zero where x − 1 borrows into a high bit that x itself does not have.
        !allSatisfy(bytes) { word in (word &- ones) & ~word & highs == 0 }
    }

    /// ASCII without a zero byte.
    @inlinable
    static func isPlain(_ bytes: UnsafeRawBufferPointer) -> Bool {
        allSatisfy(bytes) { word in ((word &- ones) | word) & highs == 0 }
    }

    /// The last word is filled up with ones, which both checks let pass.
    @inlinable
    static func allSatisfy(_ bytes: UnsafeRawBufferPointer, _ check: (UInt64) -> Bool) -> Bool {
        var offset = 0
        while offset &+ 8 <= bytes.count {
            if !check(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) { return false }
            offset &+= 8
        }
        guard offset < bytes.count else { return true }
        var last = ones
        for index in offset..<bytes.count { last = last << 8 | UInt64(bytes[index]) }
        return check(last)
    }
}
