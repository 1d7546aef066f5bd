import CallModel

/// The counts of one flush: appended in the transaction that stores its calls, folded into lasting counts afterwards.
///
/// It is a delta, so blocks add up in any order and each is added once. On disk it is a structure of arrays of little-endian
/// integers, each column a run of its own, made small by whoever stores it:
///
///     version u32 = 1 | cell count u32 | latency count u32
///     cells:   interval i32… partner i32… route i32… host i32… region i32… customer i32… service version i32…
///              direction u8… outcome u8… stored i64… weighted i64…
///     latency: interval i32… partner i32… route i32… region i32… direction u8… bucket i16… weighted i64…
public struct RollupBlock: Sendable, Equatable {
    public private(set) var cells: [CellKey: CellCount] = [:]
    public private(set) var latencies: [LatencyKey: Int64] = [:]

    public init() {}

    public var isEmpty: Bool { cells.isEmpty }

    /// Counts one call.
    ///
    /// - Parameters:
    ///   - weight: how many calls it stands for.
    ///   - microseconds: its duration; negative when unknown, and then it is in no histogram.
    @inline(__always)
    public mutating func add(_ key: CellKey, weight: Int64, microseconds: Int64) {
        cells[key, default: CellCount()].add(CellCount(stored: 1, weighted: weight))
        guard microseconds >= 0 else { return }
        let latency = LatencyKey(
            interval: key.interval, partner: key.partner, route: key.route, region: key.region,
            direction: key.direction, bucket: LatencyBucket.index(ofMicroseconds: microseconds))
        latencies[latency, default: 0] &+= weight
    }

    /// Counts calls that were shed on their host: seen, not stored, and of unknown duration.
    public mutating func addShed(_ key: CellKey, weight: Int64) {
        cells[key, default: CellCount()].add(CellCount(stored: 0, weighted: weight))
    }

    public mutating func merge(_ other: RollupBlock) {
        for (key, count) in other.cells { cells[key, default: CellCount()].add(count) }
        for (key, count) in other.latencies { latencies[key, default: 0] &+= count }
    }
}

/// Why stored bytes are no rollup block.
public enum RollupBlockError: Error, Equatable {
    case unknownVersion(UInt32)
    case malformed(String)
}

extension RollupBlock {
    private static let version: UInt32 = 1

    /// The encoded block; the same counts give the same bytes.
    public func encoded() -> [UInt8] {
        let cells = self.cells.sorted { $0.key < $1.key }
        let latencies = self.latencies.sorted { $0.key < $1.key }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(12 + cells.count * 46 + latencies.count * 27)
        func put(_ value: some FixedWidthInteger) {
            Swift.withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
        }
        put(Self.version)
        put(UInt32(cells.count))
        put(UInt32(latencies.count))
        for column in [\CellKey.interval, \.partner, \.route, \.host, \.region, \.customer, \.serviceVersion] {
            for cell in cells { put(cell.key[keyPath: column]) }
        }
        for cell in cells { put(cell.key.direction.rawValue) }
        for cell in cells { put(cell.key.outcome) }
        for cell in cells { put(cell.value.stored) }
        for cell in cells { put(cell.value.weighted) }
        for column in [\LatencyKey.interval, \.partner, \.route, \.region] {
            for latency in latencies { put(latency.key[keyPath: column]) }
        }
        for latency in latencies { put(latency.key.direction.rawValue) }
        for latency in latencies { put(latency.key.bucket) }
        for latency in latencies { put(latency.value) }
        return bytes
    }

    /// Reads what `encoded()` wrote.
    public init(encoded bytes: [UInt8]) throws(RollupBlockError) {
        var reader = ColumnReader(bytes)
        let version: UInt32 = try reader.next()
        guard version == Self.version else { throw .unknownVersion(version) }
        let cellCount = Int(try reader.next() as UInt32)
        let latencyCount = Int(try reader.next() as UInt32)
        guard bytes.count == 12 + cellCount * 46 + latencyCount * 27 else { throw .malformed("\(bytes.count) bytes") }
        var keys: [[Int32]] = []
        for _ in 0..<7 { keys.append(try reader.column(cellCount)) }
        let directions: [UInt8] = try reader.column(cellCount)
        let outcomes: [UInt8] = try reader.column(cellCount)
        let stored: [Int64] = try reader.column(cellCount)
        let weighted: [Int64] = try reader.column(cellCount)
        for cell in 0..<cellCount {
            guard let direction = Direction(rawValue: directions[cell]) else { throw .malformed("direction") }
            let key = CellKey(
                interval: keys[0][cell], partner: keys[1][cell], route: keys[2][cell], host: keys[3][cell],
                region: keys[4][cell], customer: keys[5][cell], serviceVersion: keys[6][cell], direction: direction,
                outcome: outcomes[cell])
            cells[key] = CellCount(stored: stored[cell], weighted: weighted[cell])
        }
        keys.removeAll()
        for _ in 0..<4 { keys.append(try reader.column(latencyCount)) }
        let sides: [UInt8] = try reader.column(latencyCount)
        let buckets: [Int16] = try reader.column(latencyCount)
        let counts: [Int64] = try reader.column(latencyCount)
        for index in 0..<latencyCount {
            guard let direction = Direction(rawValue: sides[index]) else { throw .malformed("direction") }
            let key = LatencyKey(
                interval: keys[0][index], partner: keys[1][index], route: keys[2][index], region: keys[3][index],
                direction: direction, bucket: buckets[index])
            latencies[key] = counts[index]
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
        return (left.customer, left.serviceVersion, left.direction.rawValue, left.outcome)
            < (right.customer, right.serviceVersion, right.direction.rawValue, right.outcome)
    }
}

extension LatencyKey {
    fileprivate static func < (left: LatencyKey, right: LatencyKey) -> Bool {
        (left.interval, left.partner, left.route, left.region, left.direction.rawValue, left.bucket)
            < (right.interval, right.partner, right.route, right.region, right.direction.rawValue, right.bucket)
    }
}

/// Takes little-endian integers off the front of an array.
private struct ColumnReader {
    private let bytes: [UInt8]
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
