import BatchFormat
import CallModel
import Postgres

/// Reads rows as the server would: the binary form of COPY, so that what is checked is what the writer really sends.
struct BinaryRows: Sequence, IteratorProtocol {
    private let bytes: [UInt8]
    private var offset = 0

    init(_ buffer: borrowing CopyBuffer) {
        var copy: [UInt8] = []
        buffer.withBytes { copy = Array($0) }
        bytes = copy
    }

    /// The fields of the next row, nil for null.
    mutating func next() -> [ArraySlice<UInt8>?]? {
        guard offset < bytes.count else { return nil }
        let count = Int(number(2))
        return (0..<count).map { _ in
            let length = Int(Int32(truncatingIfNeeded: number(4)))
            guard length >= 0 else { return nil }
            defer { offset += length }
            return bytes[offset..<offset + length]
        }
    }

    private mutating func number(_ byteCount: Int) -> UInt64 {
        defer { offset += byteCount }
        return bytes[offset..<offset + byteCount].reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// A row of `call_rows`, as far as it is looked at.
struct StoredRow {
    var receivedAt: Int64
    var block: Int64
    var trace: TraceID
    var partner: Int32
    var route: Int32
    var origin: Int32
    var customer: Int32
    var weight: Int32
    var shard: Int16
    var row: Int16
    var flags: Int16
    var outcome: Int16

    /// Nil when the row is not what the table takes.
    init?(_ fields: [ArraySlice<UInt8>?]) {
        func number(_ field: Int) -> Int64? {
            guard let bytes = fields[field] else { return nil }
            let value = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            let unused = UInt64(64 - 8 * bytes.count)
            return Int64(bitPattern: value << unused) >> Int64(unused)
        }
        guard fields.count == 17, let received = number(0), let block = number(2), let id = fields[4], id.count == 16,
            let trace = TraceID(
                high: id.prefix(8).reduce(0) { $0 << 8 | UInt64($1) },
                low: id.suffix(8).reduce(0) { $0 << 8 | UInt64($1) }),
            let partner = number(6), let route = number(7), let origin = number(8), let customer = number(9),
            let weight = number(10), let shard = number(11), let row = number(12), let flags = number(13),
            let outcome = number(14)
        else { return nil }
        receivedAt = received
        self.block = block
        self.trace = trace
        self.partner = Int32(partner)
        self.route = Int32(route)
        self.origin = Int32(origin)
        self.customer = Int32(customer)
        self.weight = Int32(weight)
        self.shard = Int16(shard)
        self.row = Int16(row)
        self.flags = Int16(flags)
        self.outcome = Int16(outcome)
    }
}

/// Where a payload block lies: the table's primary key.
struct BlockKey: Hashable {
    var receivedAt: Int64
    var shard: Int16
    var block: Int64
}

struct StoredBlock {
    var key: BlockKey
    var callCount: Int
    var bytes: [UInt8]

    init?(_ fields: [ArraySlice<UInt8>?]) {
        func number(_ field: Int) -> Int64? {
            fields[field].map { Int64(bitPattern: $0.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }) }
        }
        guard fields.count == 5, let received = number(0), let block = number(1), let shard = number(2),
            let count = number(3), let bytes = fields[4]
        else { return nil }
        key = BlockKey(receivedAt: received, shard: Int16(shard), block: block)
        callCount = Int(count)
        self.bytes = Array(bytes)
    }
}
