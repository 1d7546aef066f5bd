import CallModel
import Rollups

extension CallCell {
    /// What a flush counted, as detection takes it in: oldest first. Calls of no partner are left out.
    public static func cells(of block: RollupBlock) -> [CallCell] {
        var cells: [CallCell] = []
        cells.reserveCapacity(block.cells.count)
        for cell in block.cells where cell.key.partner != 0 && cell.count.weighted > 0 {
            cells.append(CallCell(cell.key, cell.count))
        }
        // What tells their order is worked out once each, and the cells themselves are moved once.
        var places = cells.indices.map { Place(time: cells[$0].time, order: cells[$0].order, index: Int32($0)) }
        places.sort { ($0.time, $0.order) < ($1.time, $1.order) }
        return places.map { cells[Int($0.index)] }
    }

    private struct Place {
        var time: Instant
        var order: UInt64
        var index: Int32
    }

    private init(_ key: CellKey, _ count: CellCount) {
        self.init(
            time: RollupInterval.start(of: key.interval), partner: key.partner, route: key.route, host: key.host,
            region: key.region, customer: key.customer, serviceVersion: key.serviceVersion, network: key.network,
            direction: key.direction, symptom: Symptom(code: key.outcome, status: Int(key.status)),
            latency: key.latency, count: Int32(clamping: count.weighted))
    }

    /// Any order that is the same everywhere: decisions must not depend on a dictionary's.
    private var order: UInt64 {
        var hash: UInt64 = 0
        for name in [partner, route, host, region, customer, serviceVersion, network] {
            hash = (hash ^ UInt64(UInt32(bitPattern: name))) &* 0x9E37_79B9_7F4A_7C15
        }
        return (hash ^ UInt64(symptom.rawValue) << 16 ^ UInt64(UInt16(bitPattern: latency))) &* 0xD6E8_FEB8_6659_FD93
    }
}
