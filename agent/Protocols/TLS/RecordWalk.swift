/// Cuts one direction into records by their headers alone, where nobody can open them: what each is and how long, and no content kept.
struct RecordWalk {
    struct Record: Equatable {
        var type: UInt8
        /// Without its header.
        var byteCount: Int
    }

    private var header = [5 of UInt8](repeating: 0)
    private var headerByteCount = 0
    /// Bytes of the record at hand that still come.
    private var left = 0
    /// Where a record begins is not known.
    private var isLost = false

    /// Reads on at `at`, which it moves, to the end of a record; nil where the bytes end first.
    mutating func next(_ bytes: Span<UInt8>, at: inout Int) -> Record? {
        if isLost {
            // Who writes begins a segment with a record, mostly; nothing else of what is encrypted looks like one.
            guard at == 0, bytes.count >= Self.headerByteCount else { return nil }
            for index in 0..<Self.headerByteCount { header[index] = bytes[index] }
            guard isHeaderPossible, byteCount > 0 else { return nil }
            isLost = false
            headerByteCount = 0
        }
        while at < bytes.count {
            if headerByteCount < Self.headerByteCount {
                header[headerByteCount] = bytes[at]
                headerByteCount += 1
                at += 1
                guard headerByteCount == Self.headerByteCount else { continue }
                guard isHeaderPossible else {
                    isLost = true
                    return nil
                }
                left = byteCount
            }
            let taken = min(left, bytes.count - at)
            at += taken
            left -= taken
            if left == 0 { return endRecord() }
        }
        return nil
    }

    /// A record that ends with the lost bytes is none that was seen.
    mutating func bytesLost(_ byteCount: Int?) {
        if let byteCount, byteCount < left { return left -= byteCount }
        isLost = byteCount != left
        left = 0
        headerByteCount = 0
    }

    private static let headerByteCount = 5

    private var byteCount: Int { Int(header[3]) << 8 | Int(header[4]) }

    private var isHeaderPossible: Bool {
        RecordType.isHeader(header[0], header[1], header[2], byteCount: byteCount)
    }

    private mutating func endRecord() -> Record {
        headerByteCount = 0
        return Record(type: header[0], byteCount: byteCount)
    }
}
