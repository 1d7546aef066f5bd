import CallModel
import Detection
import Rollups

/// Calls of one partner and direction, those that a cause cannot tell apart counted together: of the same route, region, host,
/// customer and release.
///
/// An incident is explained again and again, and each time several ways: with this each call is looked at once, and afterwards only the
/// few hundred ways in which calls differ.
struct TalliedCalls: Sendable {
    struct Entry: Sendable {
        /// One of the calls.
        let cell: CallCell
        let usual: UsualShare
        var counts = ScopeCounts()
    }

    private(set) var entries: [Entry] = []
    private var table = NumberTable(countMax: 1 << 20)

    /// - Parameter usual: of calls like this one; asked once for each entry.
    @inline(__always)
    mutating func count(_ cell: CallCell, failed: Bool, usual: () -> UsualShare) {
        var key = Self.key(cell)
        while let number = table.number(of: key) {
            if number == entries.count { entries.append(Entry(cell: cell, usual: usual())) }
            if Self.areAlike(entries[number].cell, cell) {
                return entries[number].counts.count(cell, entries[number].usual, failed: failed)
            }
            // Another has the same key: the next is tried.
            key = (key &+ 1) & Self.keyMax
        }
    }

    private static let keyMax = UInt64.max >> 1

    @inline(__always)
    private static func key(_ cell: CallCell) -> UInt64 {
        var key: UInt64 = 0
        for value in [cell.route, cell.region, cell.host, cell.customer, cell.serviceVersion] {
            key = (key ^ UInt64(UInt32(bitPattern: value))) &* 0x9E37_79B9_7F4A_7C15
            key ^= key >> 32
        }
        return key & keyMax
    }

    @inline(__always)
    private static func areAlike(_ first: CallCell, _ second: CallCell) -> Bool {
        first.route == second.route && first.region == second.region && first.host == second.host
            && first.customer == second.customer && first.serviceVersion == second.serviceVersion
    }
}
