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

    /// A message inside this one, written where it will stay. Nothing of a field that holds nothing.
    ///
    /// - Parameter byteCountEstimate: of the message: where its length takes another number of bytes, the message is moved.
    mutating func nested(
        field: Int, byteCountEstimate: Int, isElement: Bool = false, _ write: (inout WireWriter) -> Void
    ) {
        let begin = bytes.count
        bytes.appendVarint(UInt64(field << 3 | 2))
        let lengthAt = bytes.count
        bytes.appendVarint(UInt64(byteCountEstimate))
        let messageAt = bytes.count
        write(&self)
        let byteCount = bytes.count - messageAt
        guard byteCount > 0 || isElement else { return bytes.removeLast(bytes.count - begin) }
        var length: [UInt8] = []
        length.appendVarint(UInt64(byteCount))
        bytes.replaceSubrange(lengthAt..<messageAt, with: length)
    }

    /// One element of a repeated field: written though it may be empty.
    mutating func element(field: Int, _ value: some Collection<UInt8>) {
        bytes.appendVarint(UInt64(field << 3 | 2))
        bytes.appendVarint(UInt64(value.count))
        bytes.append(contentsOf: value)
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

    /// Appends a column of indices into one table as indices into another: `renumbered[i]` for each `i`.
    mutating func appendIndices(_ column: [UInt8], _ renumbered: [UInt64]) {
        reserveCapacity(count + column.count)
        var index = 0
        var shift = 0
        for byte in column {
            index |= Int(byte & 0x7F) << shift
            shift += 7
            guard byte < 0x80 else { continue }
            appendVarint(renumbered[index])
            (index, shift) = (0, 0)
        }
    }

    /// The zigzag number that stands first, and how many bytes it takes.
    var leadingSigned: (value: Int64, byteCount: Int) {
        var bits: UInt64 = 0
        for (place, byte) in enumerated() {
            bits |= UInt64(byte & 0x7F) << (7 * place)
            if byte < 0x80 { return (Int64(bitPattern: bits >> 1) ^ -Int64(bitPattern: bits & 1), place + 1) }
        }
        return (0, count)
    }

    mutating func appendFixed(_ value: UInt64) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }
}
