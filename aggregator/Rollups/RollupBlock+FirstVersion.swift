import CallModel

/// Blocks of the release before this one: they wait to be folded, or are lived through again, while a fleet of aggregators is
/// upgraded.
///
///     version u32 = 1 | cell count u32 | latency count u32
///     cells:   interval i32… partner i32… route i32… host i32… region i32… customer i32… service version i32…
///              direction u8… outcome u8… stored i64… weighted i64…
///     latency: interval i32… partner i32… route i32… region i32… direction u8… bucket i16… weighted i64…
///
/// An interval was ten seconds.
extension RollupBlock {
    init(firstVersion reader: inout ColumnReader) throws(RollupBlockError) {
        self.init()
        let cellCount = Int(try reader.next() as UInt32)
        let latencyCount = Int(try reader.next() as UInt32)
        guard reader.bytes.count == 12 + cellCount * 46 + latencyCount * 27 else {
            throw .malformed("\(reader.bytes.count) bytes")
        }
        var keys: [[Int32]] = []
        for _ in 0..<7 { keys.append(try reader.column(cellCount)) }
        let directions: [UInt8] = try reader.column(cellCount)
        let outcomes: [UInt8] = try reader.column(cellCount)
        let stored: [Int64] = try reader.column(cellCount)
        let weighted: [Int64] = try reader.column(cellCount)
        for cell in 0..<cellCount {
            guard let direction = Direction(rawValue: directions[cell]) else { throw .malformed("direction") }
            let key = CellKey(
                interval: keys[0][cell] &* 10, partner: keys[1][cell], route: keys[2][cell], host: keys[3][cell],
                region: keys[4][cell], customer: keys[5][cell], serviceVersion: keys[6][cell], direction: direction,
                outcome: outcomes[cell])
            cells.append(RollupCell(key, CellCount(stored: stored[cell], weighted: weighted[cell])))
        }
        keys.removeAll()
        for _ in 0..<4 { keys.append(try reader.column(latencyCount)) }
        let sides: [UInt8] = try reader.column(latencyCount)
        let buckets: [Int16] = try reader.column(latencyCount)
        let counts: [Int64] = try reader.column(latencyCount)
        for index in 0..<latencyCount {
            guard let direction = Direction(rawValue: sides[index]) else { throw .malformed("direction") }
            let key = MinuteLatencyKey(
                minute: keys[0][index] / 6, partner: keys[1][index], route: keys[2][index], region: keys[3][index],
                direction: direction, bucket: buckets[index])
            separateLatencies[key, default: 0] &+= counts[index]
        }
    }
}
