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
        cells = try reader.bytes.withUnsafeBufferPointer { bytes throws(RollupBlockError) in
            let columns = Columns(bytes: UnsafeRawBufferPointer(bytes), count: count)
            var cells: [RollupCell] = []
            cells.reserveCapacity(count)
            for cell in 0..<count { cells.append(try columns.cell(cell)) }
            return cells
        }
    }

    /// The columns where they lie, so that a cell is read at once: blocks are read twice, to be judged and to be folded.
    private struct Columns {
        /// Of as many cells as `count` says.
        let bytes: UnsafeRawBufferPointer
        let count: Int

        @inline(__always)
        func cell(_ index: Int) throws(RollupBlockError) -> RollupCell {
            guard let direction = Direction(rawValue: value(index, after: 32)) else { throw .malformed("direction") }
            let latency: Int16 = value(index, after: 36)
            guard latency == CellKey.noLatency || LatencyBucket.range.contains(latency) else {
                throw .malformed("latency")
            }
            let key = CellKey(
                interval: value(index, after: 0), partner: value(index, after: 4), route: value(index, after: 8),
                host: value(index, after: 12), region: value(index, after: 16), customer: value(index, after: 20),
                serviceVersion: value(index, after: 24), network: value(index, after: 28), direction: direction,
                outcome: value(index, after: 33), status: value(index, after: 34), latency: latency)
            return RollupCell(
                key, CellCount(stored: value(index, after: 38), weighted: value(index, after: 46)))
        }

        /// - Parameter width: bytes of a cell in the columns before.
        @inline(__always)
        private func value<Value: FixedWidthInteger>(_ index: Int, after width: Int) -> Value {
            let offset = RollupBlock.headerByteCount + width * count + index * MemoryLayout<Value>.size
            return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Value.self))
        }
    }
}
