import CallModel

/// The two ends of a connection, the same from both sides.
struct FlowKey: Equatable {
    /// The end that sorts first, and the other.
    var first: SocketEndpoint
    var second: SocketEndpoint

    /// - Returns: the key, and whether `source` is its first end.
    @inline(__always)
    static func make(_ source: SocketEndpoint, _ destination: SocketEndpoint) -> (key: FlowKey, isFirst: Bool) {
        let isFirst =
            source.high != destination.high
            ? source.high < destination.high
            : source.low != destination.low ? source.low < destination.low : source.port <= destination.port
        return isFirst
            ? (FlowKey(first: source, second: destination), true)
            : (FlowKey(first: destination, second: source), false)
    }

    @inline(__always)
    func hash(seed: UInt64) -> UInt32 {
        // Multiply and fold: each step mixes 64 bits with the seed's secret. Enough against floods of chosen addresses, at a
        // tenth of the cost of SipHash.
        let ports = UInt64(first.port) << 16 | UInt64(second.port)
        var mix = fold(first.low ^ seed, second.low ^ 0xa076_1d64_78bd_642f)
        if first.high | second.high != 0 { mix ^= fold(first.high ^ seed, second.high ^ 0xe703_7ed1_a0b4_28db) }
        mix = fold(mix ^ ports, seed ^ 0x8ebc_6af0_9c88_c6e3)
        return UInt32(truncatingIfNeeded: mix)
    }
}

@inline(__always)
private func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right)
    return product.high ^ product.low
}

/// The connections being followed: found by their ends, and linked by age within each phase.
///
/// `places` is an open-addressing table of (hash, index + 1) pairs, at most half full, with linear probing and backward-shift
/// deletion, so that a look-up touches one or two cache lines and only the connection it finds. Connections lie in one array
/// whose free places are reused; each phase has a list from the latest seen to the oldest, so that what has expired is found
/// without looking at anything else.
struct ConnectionTable {
    private var places: [UInt64]
    private var free: [Int32] = []
    private var newest: InlineArray<3, Int32> = [-1, -1, -1]
    private var oldest: InlineArray<3, Int32> = [-1, -1, -1]
    private let seed: UInt64
    let max: Int
    var entries: [Connection] = []
    private(set) var count = 0
    /// Connections came, or moved from one phase to another: what is oldest in one may not be what it was.
    var hasMoved = false
    /// What the packet before was of: the next one mostly is too, in one direction or the other.
    private var last = Found()

    private struct Found {
        var scope: UInt32 = 0
        var source = SocketEndpoint(high: 0, low: 0, port: 0)
        var destination = SocketEndpoint(high: 0, low: 0, port: 0)
        /// Negative where nothing was found, or it is no more.
        var index = -1
        var isFromFirst = false
    }

    init(max: Int, seed: UInt64) {
        self.max = Swift.min(Swift.max(max, 1), 1 << 24)
        self.seed = seed
        places = [UInt64](repeating: 0, count: 64)
    }

    var isFull: Bool { count >= max }

    /// - Parameter scope: the virtual network of the packet, 0 outside of any; see `Connection.scopes`.
    /// - Returns: the connection, and whether its first end is the source.
    @inline(__always)
    mutating func find(
        _ source: SocketEndpoint, _ destination: SocketEndpoint, scope: UInt32
    ) -> (index: Int, isFromFirst: Bool)? {
        if last.index >= 0, scope == last.scope, scope == 0 {
            if source == last.source, destination == last.destination { return (last.index, last.isFromFirst) }
            if source == last.destination, destination == last.source { return (last.index, !last.isFromFirst) }
        }
        let (key, isFromFirst) = FlowKey.make(source, destination)
        guard let index = find(key, scope: scope, isFromFirst: isFromFirst) else { return nil }
        if scope != 0 { entries[index].note(scope: scope, fromFirst: isFromFirst) }
        last = Found(
            scope: scope, source: source, destination: destination, index: index, isFromFirst: isFromFirst)
        return (index, isFromFirst)
    }

    /// Of several connections between equal ends, in several networks, the one whose other direction is of this network too.
    func find(_ key: FlowKey, scope: UInt32, isFromFirst: Bool) -> Int? {
        var found: Int?
        let hash = key.hash(seed: seed)
        let mask = places.count - 1
        var place = Int(hash) & mask
        while true {
            let content = places[place]
            if content == 0 { return found }
            if UInt32(truncatingIfNeeded: content >> 32) == hash {
                let index = Int(content & 0xffff_ffff) - 1
                if entries[index].key == key {
                    switch entries[index].fit(scope: scope, fromFirst: isFromFirst) {
                    case .exact: return index
                    case .likely: found = index
                    case .possible: found = found ?? index
                    case .none: break
                    }
                }
            }
            place = (place + 1) & mask
        }
    }

    /// - Precondition: the key is not there in this scope, and the table is not full.
    mutating func insert(_ connection: Connection) -> Int {
        if (count + 1) * 2 > places.count { grow() }
        let index: Int
        if let reused = free.popLast() {
            index = Int(reused)
            entries[index] = connection
        } else {
            index = entries.count
            entries.append(connection)
        }
        place(index, hash: connection.key.hash(seed: seed))
        count += 1
        link(index)
        hasMoved = true
        return index
    }

    mutating func remove(_ index: Int) {
        if last.index == index { last.index = -1 }
        unlink(index)
        let hash = entries[index].key.hash(seed: seed)
        let mask = places.count - 1
        var hole = Int(hash) & mask
        while places[hole] & 0xffff_ffff != UInt64(index + 1) { hole = (hole + 1) & mask }
        // Moves back what probing would no longer reach across the emptied place.
        var next = (hole + 1) & mask
        while places[next] != 0 {
            let home = Int(places[next] >> 32) & mask
            if (next &- home) & mask >= (next &- hole) & mask {
                places[hole] = places[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        places[hole] = 0
        entries[index].release()
        free.append(Int32(index))
        count -= 1
    }

    /// Moves a connection to the front of its phase's list.
    @inline(__always)
    mutating func touch(_ index: Int) {
        let phase = entries[index].phase
        guard newest[Int(phase.rawValue)] != Int32(index) else { return }
        unlink(index)
        link(index)
    }

    mutating func move(_ index: Int, to phase: Connection.Phase) {
        unlink(index)
        entries[index].phase = phase
        link(index)
        hasMoved = true
    }

    func oldest(in phase: Connection.Phase) -> Int? {
        let index = oldest[Int(phase.rawValue)]
        return index < 0 ? nil : Int(index)
    }

    private mutating func place(_ index: Int, hash: UInt32) {
        let mask = places.count - 1
        var place = Int(hash) & mask
        while places[place] != 0 { place = (place + 1) & mask }
        places[place] = UInt64(hash) << 32 | UInt64(index + 1)
    }

    private mutating func grow() {
        let old = places
        places = [UInt64](repeating: 0, count: old.count * 2)
        for content in old where content != 0 {
            place(Int(content & 0xffff_ffff) - 1, hash: UInt32(truncatingIfNeeded: content >> 32))
        }
    }

    private mutating func link(_ index: Int) {
        let list = Int(entries[index].phase.rawValue)
        entries[index].newer = -1
        entries[index].older = newest[list]
        if newest[list] >= 0 { entries[Int(newest[list])].newer = Int32(index) } else { oldest[list] = Int32(index) }
        newest[list] = Int32(index)
    }

    private mutating func unlink(_ index: Int) {
        let list = Int(entries[index].phase.rawValue)
        let (newer, older) = (entries[index].newer, entries[index].older)
        if newer >= 0 { entries[Int(newer)].older = older } else { newest[list] = older }
        if older >= 0 { entries[Int(older)].newer = newer } else { oldest[list] = newer }
    }
}
