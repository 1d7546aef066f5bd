/// Counts the calls of a flush, call by call.
public struct RollupCounter: Sendable {
    private var counts: [CellKey: CellCount] = [:]

    /// - Parameter callCount: of which there will be about so many.
    public init(callCount: Int = 0) { counts.reserveCapacity(callCount) }

    public var isEmpty: Bool { counts.isEmpty }

    /// Counts one call.
    ///
    /// - Parameter weight: how many calls it stands for.
    @inline(__always)
    public mutating func add(_ key: CellKey, weight: Int64) {
        counts[key, default: CellCount()].add(CellCount(stored: 1, weighted: weight))
    }

    /// Counts calls that were shed on their host: seen, not stored, and of unknown duration.
    public mutating func addShed(_ key: CellKey, weight: Int64) {
        counts[key, default: CellCount()].add(CellCount(stored: 0, weighted: weight))
    }

    /// What was counted; the same calls give the same block.
    public var block: RollupBlock {
        var block = RollupBlock()
        block.cells = counts.map { RollupCell($0.key, $0.value) }
        block.cells.sort { $0.key < $1.key }
        return block
    }
}
