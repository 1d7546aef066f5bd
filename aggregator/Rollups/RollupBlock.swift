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
    public internal(set) var cells: [CellKey: CellCount] = [:]
    /// Of a block of version 1: its latencies by minute, whose cells have none.
    public internal(set) var separateLatencies: [MinuteLatencyKey: Int64] = [:]

    public init() {}

    public var isEmpty: Bool { cells.isEmpty }

    /// Counts one call.
    ///
    /// - Parameter weight: how many calls it stands for.
    @inline(__always)
    public mutating func add(_ key: CellKey, weight: Int64) {
        cells[key, default: CellCount()].add(CellCount(stored: 1, weighted: weight))
    }

    /// Counts calls that were shed on their host: seen, not stored, and of unknown duration.
    public mutating func addShed(_ key: CellKey, weight: Int64) {
        cells[key, default: CellCount()].add(CellCount(stored: 0, weighted: weight))
    }

    public mutating func merge(_ other: RollupBlock) {
        for (key, count) in other.cells { cells[key, default: CellCount()].add(count) }
        for (key, count) in other.separateLatencies { separateLatencies[key, default: 0] &+= count }
    }
}

/// Why stored bytes are no rollup block.
public enum RollupBlockError: Error, Equatable {
    case unknownVersion(UInt32)
    case malformed(String)
}

extension RollupBlock {
    private static let version: UInt32 = 2
    private static let cellByteCount = 54
    private static let names: [any KeyPath<CellKey, NameID> & Sendable] = [
        \.partner, \.route, \.host, \.region, \.customer, \.serviceVersion, \.network,
    ]

    /// The encoded block; the same counts give the same bytes.
    public func encoded() -> [UInt8] {
        let cells = self.cells.sorted { $0.key < $1.key }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(8 + cells.count * Self.cellByteCount)
        func put(_ value: some FixedWidthInteger) {
            Swift.withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
        }
        put(Self.version)
        put(UInt32(cells.count))
        for cell in cells { put(cell.key.interval) }
        for name in Self.names { for cell in cells { put(cell.key[keyPath: name]) } }
        for cell in cells { put(cell.key.direction.rawValue) }
        for cell in cells { put(cell.key.outcome) }
        for cell in cells { put(cell.key.status) }
        for cell in cells { put(cell.key.latency) }
        for cell in cells { put(cell.value.stored) }
        for cell in cells { put(cell.value.weighted) }
        return bytes
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
        guard reader.bytes.count == 8 + count * Self.cellByteCount else {
            throw .malformed("\(reader.bytes.count) bytes")
        }
        let intervals: [Int32] = try reader.column(count)
        var names: [[Int32]] = []
        for _ in Self.names { names.append(try reader.column(count)) }
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
            cells[key] = CellCount(stored: stored[cell], weighted: weighted[cell])
        }
    }
}

extension CellKey {
    /// Neighbours resemble each other, which is what makes the columns small.
    fileprivate static func < (left: CellKey, right: CellKey) -> Bool {
        let (ours, theirs) = (
            (left.interval, left.partner, left.route, left.host, left.region),
            (right.interval, right.partner, right.route, right.host, right.region)
        )
        guard ours == theirs else { return ours < theirs }
        let (more, others) = (
            (left.customer, left.serviceVersion, left.network, left.direction.rawValue, left.outcome),
            (right.customer, right.serviceVersion, right.network, right.direction.rawValue, right.outcome)
        )
        guard more == others else { return more < others }
        return (left.status, left.latency) < (right.status, right.latency)
    }
}

/// Takes little-endian integers off the front of an array.
struct ColumnReader {
    let bytes: [UInt8]
    private var offset = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func next<Value: FixedWidthInteger>() throws(RollupBlockError) -> Value {
        let width = MemoryLayout<Value>.size
        guard offset + width <= bytes.count else { throw .malformed("ends early") }
        defer { offset += width }
        return bytes.withUnsafeBytes { Value(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Value.self)) }
    }

    mutating func column<Value: FixedWidthInteger>(_ count: Int) throws(RollupBlockError) -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(count)
        for _ in 0..<count { values.append(try next()) }
        return values
    }
}
