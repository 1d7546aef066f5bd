import CallModel

/// The counts of one flush: appended in the transaction that stores its calls, folded into lasting counts afterwards.
///
/// It is a delta, so blocks add up in any order and each is added once. On disk it is a structure of arrays of little-endian
/// integers, each column a run of its own, made small by whoever stores it:
///
///     version u32 = 2 | cell count u32
///     interval i32… partner i32… route i32… host i32… region i32… customer i32… service version i32… network i32…
///     direction u8… outcome u8… status u16… latency i16… stored i64… weighted i64…
///
/// Version 1, still read, counted latencies apart and in intervals of ten seconds (`RollupBlock+FirstVersion`).
public struct RollupBlock: Sendable, Equatable {
    /// As `RollupCounter` leaves them: in order, each key once. Of bytes that somebody else wrote only that they add up.
    public internal(set) var cells: [RollupCell] = []
    /// Of a block of version 1: its latencies by minute, whose cells have none.
    public internal(set) var separateLatencies: [MinuteLatencyKey: Int64] = [:]

    public init() {}

    public var isEmpty: Bool { cells.isEmpty }
}

/// Why stored bytes are no rollup block.
public enum RollupBlockError: Error, Equatable {
    case unknownVersion(UInt32)
    case malformed(String)
}

extension RollupBlock {
    private static let version: UInt32 = 2
    private static let headerByteCount = 8
    private static let cellByteCount = 54

    /// The encoded block; the same counts give the same bytes.
    public func encoded() -> [UInt8] {
        ColumnWriter.bytes(count: Self.headerByteCount + cells.count * Self.cellByteCount) { writer in
            writer.put(Self.version)
            writer.put(UInt32(cells.count))
            for cell in cells { writer.put(cell.key.interval) }
            for cell in cells { writer.put(cell.key.partner) }
            for cell in cells { writer.put(cell.key.route) }
            for cell in cells { writer.put(cell.key.host) }
            for cell in cells { writer.put(cell.key.region) }
            for cell in cells { writer.put(cell.key.customer) }
            for cell in cells { writer.put(cell.key.serviceVersion) }
            for cell in cells { writer.put(cell.key.network) }
            for cell in cells { writer.put(cell.key.direction.rawValue) }
            for cell in cells { writer.put(cell.key.outcome) }
            for cell in cells { writer.put(cell.key.status) }
            for cell in cells { writer.put(cell.key.latency) }
            for cell in cells { writer.put(cell.count.stored) }
            for cell in cells { writer.put(cell.count.weighted) }
        }
    }

    /// Reads what `encoded()` wrote, in this release or the one before.
    public init(encoded bytes: [UInt8]) throws(RollupBlockError) {
        var reader = ColumnReader(bytes)
        let version: UInt32 = try reader.next()
        switch version {
        case 1: try self.init(firstVersion: &reader)
        case Self.version: try self.init(&reader)
        default: throw .unknownVersion(version)
        }
    }

    private init(_ reader: inout ColumnReader) throws(RollupBlockError) {
        let count = Int(try reader.next() as UInt32)
        guard reader.bytes.count == Self.headerByteCount + count * Self.cellByteCount else {
            throw .malformed("\(reader.bytes.count) bytes")
        }
        let intervals: [Int32] = try reader.column(count)
        var names: [[Int32]] = []
        for _ in 0..<7 { names.append(try reader.column(count)) }
        let directions: [UInt8] = try reader.column(count)
        let outcomes: [UInt8] = try reader.column(count)
        let statuses: [UInt16] = try reader.column(count)
        let latencies: [Int16] = try reader.column(count)
        let stored: [Int64] = try reader.column(count)
        let weighted: [Int64] = try reader.column(count)
        cells.reserveCapacity(count)
        for cell in 0..<count {
            guard let direction = Direction(rawValue: directions[cell]) else { throw .malformed("direction") }
            guard latencies[cell] == CellKey.noLatency || LatencyBucket.range.contains(latencies[cell]) else {
                throw .malformed("latency")
            }
            let key = CellKey(
                interval: intervals[cell], partner: names[0][cell], route: names[1][cell], host: names[2][cell],
                region: names[3][cell], customer: names[4][cell], serviceVersion: names[5][cell],
                network: names[6][cell], direction: direction, outcome: outcomes[cell], status: statuses[cell],
                latency: latencies[cell])
            cells.append(RollupCell(key, CellCount(stored: stored[cell], weighted: weighted[cell])))
        }
    }
}
