import CallModel
import Rollups

/// The recent calls of every partner, cell by cell: what causes are looked for in.
///
/// Bounded twice, by age and by the number of cells of all partners together; where the second bound cuts in, the oldest of
/// whoever has most go first, and are counted.
public struct CallHistory: Sendable {
    /// One partner's, oldest first by arrival.
    public struct Line: Sendable {
        public fileprivate(set) var cells: [CallCell] = []
        /// How many went before `cells[0]`: a place in the line never changes its number.
        public fileprivate(set) var first = 0

        public var end: Int { first + cells.count }

        /// The cells from a place on.
        public func suffix(from place: Int) -> ArraySlice<CallCell> { cells[max(0, place - first)...] }

        fileprivate mutating func drop(_ count: Int) {
            cells.removeFirst(count)
            first += count
        }
    }

    public let cellCountMax: Int
    public let ageMax: Duration
    /// By partner.
    public private(set) var lines: [Line] = []
    public private(set) var cellCount = 0
    public private(set) var droppedCellCount = 0

    init(cellCountMax: Int, ageMax: Duration) {
        self.cellCountMax = cellCountMax
        self.ageMax = ageMax
    }

    /// Partners that have a line.
    public var partners: [NameID] { lines.indices.lazy.filter { !lines[$0].cells.isEmpty }.map { NameID($0) } }

    public func line(_ partner: NameID) -> Line {
        lines.indices.contains(Int(partner)) ? lines[Int(partner)] : Line()
    }

    @inline(__always)
    mutating func append(_ cell: CallCell) {
        let place = Int(cell.partner)
        if place >= lines.count { lines += Array(repeating: Line(), count: place + 1 - lines.count) }
        lines[place].cells.append(cell)
        cellCount += 1
    }

    mutating func prune(at now: Instant) {
        let oldest = now - ageMax
        for partner in lines.indices {
            let count = lines[partner].cells.count
            // Halves at a time, so that moving the rest down costs nothing on average.
            guard count > 64, lines[partner].cells[count / 2].time < oldest else { continue }
            let old = lines[partner].cells.firstIndex { $0.time >= oldest } ?? count
            drop(old, of: partner)
        }
        while cellCount > cellCountMax,
            let longest = lines.indices.max(by: { lines[$0].cells.count < lines[$1].cells.count })
        {
            let half = max(1, lines[longest].cells.count / 2)
            droppedCellCount += half
            drop(half, of: longest)
        }
    }

    private mutating func drop(_ count: Int, of partner: Int) {
        lines[partner].drop(count)
        cellCount -= count
    }
}
