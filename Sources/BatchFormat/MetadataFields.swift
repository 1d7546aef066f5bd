import CallModel

/// The fields of a `Metadata` message, found but not yet read.
struct MetadataFields {
    private(set) var strings: [String] = []
    private let callCount: Int
    /// By field number; the last occurrence wins, as in proto3.
    private var columns = [UnsafeRawBufferPointer?](repeating: nil, count: 24)

    init(_ bytes: UnsafeRawBufferPointer, callCount: Int, limits: BatchLimits) throws(BatchError) {
        self.callCount = callCount
        var reader = WireReader(bytes)
        while !reader.isAtEnd {
            guard case (let number, .bytes(let value)) = try reader.nextField() else { continue }
            if number == 1 {
                guard strings.count < limits.stringCountMax else { throw .tooLarge("strings") }
                guard value.count <= Limits.nameByteCountMax else { throw .malformed("a name of \(value.count) bytes") }
                strings.append(try storableText(value))
            } else if number < columns.count {
                columns[Int(number)] = value
            }
        }
    }

    func has(_ field: Int) -> Bool { columns[field] != nil }

    func reader(_ field: Int) -> WireReader {
        WireReader(columns[field] ?? UnsafeRawBufferPointer(start: nil, count: 0))
    }

    func byteColumn(_ field: Int, required: Bool) throws(BatchError) -> [UInt8] {
        let column = columns[field].map(Array.init) ?? []
        guard column.count == callCount else { throw .malformed("column \(field) has \(column.count) entries") }
        return column
    }

    func numbers(_ field: Int, max: UInt64) throws(BatchError) -> [UInt64] {
        var reader = reader(field)
        var values: [UInt64] = []
        values.reserveCapacity(callCount)
        for _ in 0..<callCount {
            let value = try reader.varint()
            guard value <= max else { throw .malformed("column \(field): \(value) is out of range") }
            values.append(value)
        }
        guard reader.isAtEnd else { throw .malformed("column \(field) has too many entries") }
        return values
    }

    func times() throws(BatchError) -> [Int64] {
        var reader = reader(2)
        var values: [Int64] = []
        values.reserveCapacity(callCount)
        var last: Int64 = 0
        for _ in 0..<callCount {
            last = last &+ (try reader.signed())
            guard storableMicroseconds.contains(last) else { throw .malformed("a time out of range") }
            values.append(last)
        }
        guard reader.isAtEnd else { throw .malformed("column 2 has too many entries") }
        return values
    }
}

extension WireReader {
    /// Eight bytes, most significant first: identifiers, whose order of bytes is their text's.
    mutating func fixed() throws(BatchError) -> UInt64 {
        UInt64(bigEndian: try take(8).loadUnaligned(as: UInt64.self))
    }
}
