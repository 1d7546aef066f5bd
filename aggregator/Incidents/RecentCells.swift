import CallModel
import Detection
import Rollups

/// A partner's calls since a time that nothing explains yet, latest first.
struct RecentCells: Sequence {
    private let cells: [CallCell]
    private let direction: Direction?
    private let since: Instant
    private let explained: ExplainedCalls
    private let networks: [NameID]
    private let countMax: Int

    /// - Parameters:
    ///   - cells: in the order of their arrival: those that arrive up to a minute late stand behind later ones.
    ///   - countMax: of those that are given, the latest.
    init(
        _ cells: [CallCell], _ direction: Direction?, since: Instant, _ explained: ExplainedCalls, _ networks: [NameID],
        countMax: Int
    ) {
        self.cells = cells
        self.direction = direction
        self.since = since
        self.explained = explained
        self.networks = networks
        self.countMax = countMax
    }

    func makeIterator() -> Iterator {
        Iterator(calls: self, oldest: since - .seconds(60), place: cells.count, left: countMax)
    }

    struct Iterator: IteratorProtocol {
        fileprivate let calls: RecentCells
        fileprivate let oldest: Instant
        fileprivate var place: Int
        fileprivate var left: Int

        @inline(__always)
        mutating func next() -> CallCell? {
            while place > 0, left > 0 {
                place -= 1
                let cell = calls.cells[place]
                if cell.time < oldest { break }
                if let direction = calls.direction, direction != cell.direction { continue }
                if cell.time < calls.since || calls.explained.hold(cell, calls.networks) { continue }
                left -= 1
                return cell
            }
            left = 0
            return nil
        }
    }
}
