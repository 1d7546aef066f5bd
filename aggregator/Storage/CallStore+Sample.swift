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
        /// What was read when this is over is the sample.
        public var timeMax: Duration = .seconds(8)
        /// Told on the way: calls read, and how many will be.
        public var progress: (@Sendable (_ read: Int, _ of: Int) -> Void)?

        public init(callsMax: Int) { self.callsMax = callsMax }
    }

    /// With their payloads, in the order of their times.
    public var calls: [StoredCall]
    /// Counted up to `CallStore.countedMax`.
    public var matchingCount: Int

    public init(calls: [StoredCall] = [], matchingCount: Int = 0) {
        self.calls = calls
        self.matchingCount = matchingCount
    }

    /// How many calls each of those read stands for.
    public var standsFor: Double {
        calls.isEmpty ? 0 : max(1, Double(matchingCount) / Double(calls.count))
    }

    /// Whether every call that matches was read.
    public var isComplete: Bool { calls.count >= matchingCount && matchingCount < CallStore.countedMax }

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
    /// Rows that are counted: more than these are stood for by these.
    public static let countedMax = 1_000_000
    private static let readAtOnce = 250

    public func sample(
        _ filter: CallFilter, _ bounds: CallSample.Bounds, _ connection: PostgresConnection
    ) throws -> CallSample {
        let deadline = MonotonicClock.now() + bounds.timeMax.nanoseconds
        guard let (count, first, last) = try extent(filter, connection) else { return CallSample() }
        var all = filter
        all.since = Instant(microsecondsSinceEpoch: first)
        all.until = Instant(microsecondsSinceEpoch: last &+ 1)
        all.newest = nil
        var sample = CallSample(calls: [], matchingCount: count)
        var byteCount = 0
        let slices = try count <= bounds.callsMax ? [(all, count)] : slices(all, bounds, connection)
        for (slice, quota) in slices {
            var step = slice
            var left = quota
            while left > 0, byteCount < bounds.byteCountMax, MonotonicClock.now() < deadline {
                step.limit = min(left, Self.readAtOnce)
                let found = try finish(rows(step, connection), payloads: true, connection)
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

    /// How many calls match, and the times of the first and the last; nil for none.
    private func extent(
        _ filter: CallFilter, _ connection: PostgresConnection
    ) throws -> (count: Int, first: Int64, last: Int64)? {
        guard filter.since < filter.until, let condition = try CallCondition(filter, names, connection) else {
            return nil
        }
        let row = try connection.query(
            """
            SELECT count(*), min(t.time), max(t.time) FROM (SELECT c.time FROM farwatch.call_rows c \(condition.joins)
            WHERE \(condition.text) LIMIT \(Self.countedMax)) t
            """, condition.parameters
        ).first
        guard let row, case let count = try row.int8(0), count > 0 else { return nil }
        return (Int(count), try row.timestamptz(1), try row.timestamptz(2))
    }

    /// The time in pieces of one length, and how many calls each is to give.
    private func slices(
        _ filter: CallFilter, _ bounds: CallSample.Bounds, _ connection: PostgresConnection
    ) throws -> [(CallFilter, Int)] {
        let (first, end) = (filter.since.microsecondsSinceEpoch, filter.until.microsecondsSinceEpoch)
        let sliceCount = max(1, bounds.sliceCount)
        let width = max(1, (end - first) / Int64(sliceCount))
        let starts = (0..<sliceCount).map { first + Int64($0) * width }
        guard let condition = try CallCondition(filter, names, connection) else { return [] }
        let found = try connection.query(
            """
            SELECT width_bucket(t.time, $\(condition.parameters.count + 1)::timestamptz[]), count(*)
            FROM (SELECT c.time FROM farwatch.call_rows c \(condition.joins)
            WHERE \(condition.text) LIMIT \(Self.countedMax)) t GROUP BY 1
            """, condition.parameters + [.timestamptzArray(starts)])
        var counts = [Int](repeating: 0, count: sliceCount)
        for row in found {
            let index = Int(try row.int4(0)) - 1
            if counts.indices.contains(index) { counts[index] = Int(try row.int8(1)) }
        }
        return zip(starts.indices, CallSample.quotas(counts, callsMax: bounds.callsMax)).map { index, quota in
            var slice = filter
            slice.since = Instant(microsecondsSinceEpoch: starts[index])
            slice.until = index + 1 < starts.count ? Instant(microsecondsSinceEpoch: starts[index + 1]) : filter.until
            return (slice, quota)
        }
    }
}

extension StoredCall {
    fileprivate var bodyByteCount: Int {
        (call.request.body?.bytes.count ?? 0) + (call.response?.body?.bytes.count ?? 0)
    }
}
