import CallModel
import Postgres
import Runtime

/// A part of the calls that match a filter, spread over their time as they are, and how many match.
public struct CallSample: Sendable {
    /// How much is read at most.
    public struct Bounds: Sendable {
        public var callsMax: Int
        /// Bytes of bodies.
        public var byteCountMax = 64 << 20
        /// Pieces of time of which each gives its share.
        public var sliceCount = 40
        /// Rows that are counted; of more, every slice counts its share of this.
        public var countedMax = CallStore.countedMax
        /// What was read when this is over is the sample.
        public var timeMax: Duration = .seconds(8)
        /// Told on the way: calls read, and how many will be.
        public var progress: (@Sendable (_ read: Int, _ of: Int) -> Void)?

        public init(callsMax: Int) { self.callsMax = callsMax }
    }

    /// With their payloads, in the order of their times.
    public var calls: [StoredCall]
    /// Counted up to `Bounds.countedMax`.
    public var matchingCount: Int
    /// Whether it is all of them.
    public var isCounted: Bool

    public init(calls: [StoredCall] = [], matchingCount: Int = 0, isCounted: Bool = true) {
        self.calls = calls
        self.matchingCount = matchingCount
        self.isCounted = isCounted
    }

    /// How many calls each of those read stands for.
    public var standsFor: Double {
        calls.isEmpty ? 0 : max(1, Double(matchingCount) / Double(calls.count))
    }

    /// Whether every call that matches was read.
    public var isComplete: Bool { isCounted && calls.count >= matchingCount }

    /// How many of `callsMax` each slice of time gives, in proportion to how many calls it has.
    static func quotas(_ counts: [Int], callsMax: Int) -> [Int] {
        var remaining = counts.reduce(0, +)
        var left = min(callsMax, remaining)
        return counts.map { count in
            guard count > 0, remaining > 0, left > 0 else { return 0 }
            // Rounded up; what that takes is shared by those that follow.
            let quota = min(count, left, (left * count + remaining - 1) / remaining)
            remaining -= count
            left -= quota
            return quota
        }
    }
}

/// Reading a bounded sample, for questions about populations: narrow rows are counted, some of them opened.
extension CallStore {
    /// Rows that are counted for one sample.
    public static let countedMax = 1_000_000
    private static let readAtOnce = 250

    public func sample(
        _ filter: CallFilter, _ bounds: CallSample.Bounds, _ connection: PostgresConnection
    ) throws -> CallSample {
        let deadline = MonotonicClock.now() + bounds.timeMax.nanoseconds
        guard let extent = try extent(filter, bounds, connection) else { return CallSample() }
        let count = extent.count
        var all = filter
        all.newest = nil
        let slices: [Slice]
        if extent.isCut {
            // The rows that were counted may be of any part of the time: the ends are those that were asked for.
            slices = try longSlices(all, bounds, connection)
        } else {
            all.since = Instant(microsecondsSinceEpoch: extent.first)
            all.until = Instant(microsecondsSinceEpoch: extent.last &+ 1)
            slices =
                try count <= bounds.callsMax
                ? [Slice(filter: all, count: count, quota: count)] : self.slices(all, bounds, connection)
        }
        var sample = CallSample(calls: [], matchingCount: count, isCounted: !extent.isCut)
        var byteCount = 0
        for slice in slices {
            var step = slice.filter
            var left = slice.quota
            while left > 0, byteCount < bounds.byteCountMax, MonotonicClock.now() < deadline {
                step.limit = min(left, Self.readAtOnce)
                let rows = try rows(step, firstSlice: slice.widthWanted, connection)
                let found = try finish(rows, payloads: true, connection)
                sample.calls += found
                bounds.progress?(sample.calls.count, min(count, bounds.callsMax))
                byteCount += found.reduce(0) { $0 + $1.bodyByteCount }
                left -= found.count
                guard found.count == step.limit, let cursor = found.last?.cursor else { break }
                step.cursor = cursor
            }
        }
        sample.calls.sort { ($0.call.time, $0.id) < ($1.call.time, $1.id) }
        return sample
    }

    /// A piece of the time, how many calls were counted in it, and how many are to be read.
    private struct Slice {
        var filter: CallFilter
        var count: Int
        var quota: Int

        /// The time from the end in which four times as many as are read should lie: to find the newest of a minute of a hundred thousand
        /// all of them would have to be looked at.
        var widthWanted: Duration {
            let width = filter.until.microsecondsSinceEpoch - filter.since.microsecondsSinceEpoch
            let share = min(1, 4 * Double(min(quota, CallStore.readAtOnce)) / Double(max(1, count)))
            return min(CallStore.firstSlice, max(.milliseconds(1), .microseconds(Int64(Double(width) * share))))
        }
    }

    /// How many calls match, and the times of the first and the last of those that were counted.
    private struct Extent {
        var count: Int
        var first: Int64
        var last: Int64
        /// There may be more.
        var isCut: Bool
    }

    /// Nil for none.
    private func extent(
        _ filter: CallFilter, _ bounds: CallSample.Bounds, _ connection: PostgresConnection
    ) throws -> Extent? {
        guard filter.since < filter.until, let condition = try CallCondition(filter, names, connection) else {
            return nil
        }
        let row = try connection.query(
            """
            SELECT count(*), min(t.time), max(t.time) FROM (SELECT c.time FROM farwatch.call_rows c \(condition.joins)
            WHERE \(condition.text) LIMIT \(bounds.countedMax)) t
            """, condition.parameters
        ).first
        guard let row, case let count = try row.int8(0), count > 0 else { return nil }
        return Extent(
            count: Int(count), first: try row.timestamptz(1), last: try row.timestamptz(2),
            isCut: count >= bounds.countedMax)
    }

    /// The time in pieces of one length, and how many calls each is to give.
    private func slices(
        _ filter: CallFilter, _ bounds: CallSample.Bounds, _ connection: PostgresConnection
    ) throws -> [Slice] {
        let pieces = pieces(of: filter, bounds)
        guard let condition = try CallCondition(filter, names, connection) else { return [] }
        let found = try connection.query(
            """
            SELECT width_bucket(t.time, $\(condition.parameters.count + 1)::timestamptz[]), count(*)
            FROM (SELECT c.time FROM farwatch.call_rows c \(condition.joins)
            WHERE \(condition.text) LIMIT \(bounds.countedMax)) t GROUP BY 1
            """, condition.parameters + [.timestamptzArray(pieces.map(\.since.microsecondsSinceEpoch))])
        var counts = [Int](repeating: 0, count: pieces.count)
        for row in found {
            let index = Int(try row.int4(0)) - 1
            if counts.indices.contains(index) { counts[index] = Int(try row.int8(1)) }
        }
        return slices(pieces, counts, bounds)
    }

    /// The same of more calls than are counted: each piece is counted for itself, up to its share of what may be. Pieces that reach it
    /// count as equal. Where most of the time is empty, what is not is cut once more.
    private func longSlices(
        _ filter: CallFilter, _ bounds: CallSample.Bounds, _ connection: PostgresConnection
    ) throws -> [Slice] {
        var pieces = pieces(of: filter, bounds)
        var counts = try pieces.map { try count($0, bounds, connection) }
        if let first = counts.firstIndex(where: { $0 > 0 }), let last = counts.lastIndex(where: { $0 > 0 }),
            last - first + 1 <= pieces.count / 2
        {
            var part = filter
            (part.since, part.until) = (pieces[first].since, pieces[last].until)
            pieces = self.pieces(of: part, bounds)
            counts = try pieces.map { try count($0, bounds, connection) }
        }
        return slices(pieces, counts, bounds)
    }

    private func slices(_ pieces: [CallFilter], _ counts: [Int], _ bounds: CallSample.Bounds) -> [Slice] {
        zip(zip(pieces, counts), CallSample.quotas(counts, callsMax: bounds.callsMax)).map {
            Slice(filter: $0.0, count: $0.1, quota: $1)
        }
    }

    private func count(
        _ piece: CallFilter, _ bounds: CallSample.Bounds, _ connection: PostgresConnection
    ) throws -> Int {
        guard piece.since < piece.until, let condition = try CallCondition(piece, names, connection) else { return 0 }
        let limit = max(1, bounds.countedMax / max(1, bounds.sliceCount))
        let row = try connection.query(
            """
            SELECT count(*) FROM (SELECT FROM farwatch.call_rows c \(condition.joins)
            WHERE \(condition.text) LIMIT \(limit)) t
            """, condition.parameters
        ).first
        return Int(try row?.int8(0) ?? 0)
    }

    private func pieces(of filter: CallFilter, _ bounds: CallSample.Bounds) -> [CallFilter] {
        let (first, end) = (filter.since.microsecondsSinceEpoch, filter.until.microsecondsSinceEpoch)
        let pieceCount = max(1, bounds.sliceCount)
        let width = max(1, (end - first) / Int64(pieceCount))
        return (0..<pieceCount).map { index in
            var piece = filter
            piece.since = Instant(microsecondsSinceEpoch: first + Int64(index) * width)
            let next = Instant(microsecondsSinceEpoch: first + Int64(index + 1) * width)
            if index + 1 < pieceCount { piece.until = next }
            return piece
        }
    }
}

extension StoredCall {
    fileprivate var bodyByteCount: Int {
        (call.request.body?.bytes.count ?? 0) + (call.response?.body?.bytes.count ?? 0)
    }
}
