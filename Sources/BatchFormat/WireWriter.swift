/// Appends protobuf's wire format (Protocol Buffers, "Encoding") to a buffer: all that the batch needs of it.
struct WireWriter {
    private(set) var bytes: [UInt8] = []

    mutating func reserve(_ byteCount: Int) { bytes.reserveCapacity(byteCount) }

    mutating func varint(field: Int, _ value: UInt64) {
        guard value != 0 else { return }
        bytes.appendVarint(UInt64(field << 3))
        bytes.appendVarint(value)
    }

    /// Skips an empty value, as proto3 does.
    mutating func delimited(field: Int, _ value: [UInt8]) {
        guard !value.isEmpty else { return }
        element(field: field, value)
    }

    /// One element of a repeated field: written though it may be empty.
    mutating func element(field: Int, _ value: some Collection<UInt8>) {
        bytes.appendVarint(UInt64(field << 3 | 2))
        bytes.appendVarint(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    mutating func strings(field: Int, _ values: [String]) {
        for var value in values { value.withUTF8 { element(field: field, $0) } }
    }
}

extension [UInt8] {
    @inline(__always)
    mutating func appendVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    /// Zigzag: small negative numbers stay short.
    @inline(__always)
    mutating func appendSigned(_ value: Int64) {
        appendVarint(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    mutating func appendFixed(_ value: UInt64) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }
}
