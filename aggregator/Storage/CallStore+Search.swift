import CallModel
import Postgres
import Runtime

/// What a search found, and how far it looked.
public struct CallPage: Sendable {
    public var calls: [StoredCall]
    /// Where to go on; nil when everything was looked at.
    public var next: CallCursor?
    /// How many calls were opened to look into them.
    public var scannedCount: Int

    public init(calls: [StoredCall] = [], next: CallCursor? = nil, scannedCount: Int = 0) {
        self.calls = calls
        self.next = next
        self.scannedCount = scannedCount
    }
}

/// Searching in bounded steps: never more rows, blocks or time than stated here, whatever is asked.
///
/// Rows are looked for in slices of time, the newest first and each four times as long as the one before, so that the usual
/// question, the last hundred of a busy route, reads a minute of an hour. Partitions that ended before the search begins are
/// excluded by `received_at`; within a partition indexes lead to the calls of a route and to those in trouble, and for all else BRIN
/// leaves out whole ranges of blocks.
extension CallStore {
    static let firstSlice: Duration = .seconds(60)
    private static let sliceMax: Duration = Schema.bucketWidth * (CallCondition.bucketsMax - 1)
    /// Calls that one page may open to look into their payloads.
    public static let scannedCountMax = 20_000
    private static let rowsAtOnce = 500
    /// Each may lie in a block of its own, which takes milliseconds to open.
    private static let scannedAtOnce = 50
    /// A page that looks into payloads ends after this long with what it has, and a cursor: who asks gets an answer within a
    /// second, and sees how far it is.
    private static let scanTimeMax: Duration = .milliseconds(700)

    /// A page of calls with their payloads, newest first.
    public func page(_ filter: CallFilter, _ connection: PostgresConnection) throws -> CallPage {
        guard !filter.payload.isEmpty else {
            let calls = try finish(rows(filter, connection), payloads: true, connection)
            return CallPage(
                calls: calls, next: calls.count == filter.limit ? calls.last?.cursor : nil, scannedCount: calls.count)
        }
        var page = CallPage(calls: [], next: nil, scannedCount: 0)
        var step = filter
        step.limit = Self.rowsAtOnce
        let deadline = MonotonicClock.now() + Self.scanTimeMax.nanoseconds
        let matcher = PayloadMatcher(filter.payload)
        while true {
            let found = try rows(step, connection)
            for start in stride(from: 0, to: found.count, by: Self.scannedAtOnce) {
                let some = Array(found[start..<min(found.count, start + Self.scannedAtOnce)])
                if let end = try look(into: some, matcher, filter.limit, &page, connection) {
                    page.next = end
                    return page
                }
                step.cursor = some.last.map(CallCursor.init)
                if page.scannedCount >= Self.scannedCountMax || MonotonicClock.now() > deadline {
                    page.next = step.cursor
                    return page
                }
            }
            guard found.count == step.limit else { return page }
        }
    }

    /// Gives back where to go on once the page is full.
    private func look(
        into rows: [CallRow], _ matcher: PayloadMatcher, _ limit: Int, _ page: inout CallPage,
        _ connection: PostgresConnection
    ) throws -> CallCursor? {
        for call in try finish(rows, payloads: true, connection) {
            page.scannedCount += 1
            guard matcher.matches(call.call) else { continue }
            page.calls.append(call)
            if page.calls.count == limit { return call.cursor }
        }
        return nil
    }

    /// Narrow rows that match everything but the payload, newest first, at most `filter.limit`.
    ///
    /// - Parameter firstSlice: how far back is looked at first; where it is known how many there are, less than usual.
    func rows(
        _ filter: CallFilter, firstSlice: Duration = firstSlice, _ connection: PostgresConnection
    ) throws -> [CallRow] {
        var filter = filter
        filter.limit = min(max(1, filter.limit), CallFilter.limitMax)
        if let cursor = filter.cursor {
            // One microsecond more: the cursor's own time may hold further rows.
            filter.until = min(filter.until, Instant(microsecondsSinceEpoch: cursor.timeMicroseconds &+ 1))
        }
        guard filter.since < filter.until else { return [] }
        // An id or a trace has an index of its own, and few calls.
        if filter.isByKey { return try rowsByKey(filter, connection) }
        let since = filter.since
        var width = firstSlice
        var rows: [CallRow] = []
        filter.since = max(since, min(filter.until, filter.newest ?? filter.until) - width)
        while true {
            let found = try slice(filter, connection)
            rows += found
            filter.limit -= found.count
            guard filter.limit > 0, filter.since > since else { return rows }
            // A longer one has more buckets than are looked up one by one.
            width = min(width * 4, Self.sliceMax)
            filter.until = filter.since
            filter.since = max(since, filter.until - width)
        }
    }

    private func slice(_ filter: CallFilter, _ connection: PostgresConnection) throws -> [CallRow] {
        guard let condition = try CallCondition(filter, names, connection) else { return [] }
        return try connection.query(Self.statement(condition, limit: filter.limit), condition.parameters)
            .map { try CallRow($0) }
    }

    /// Apart from the slice that asks it, so that a test can look at its plan.
    static func statement(
        _ condition: CallCondition, from table: String = "farwatch.call_rows", limit: Int
    ) -> String {
        """
        SELECT \(CallRow.columns) FROM \(table) c \(condition.joins) WHERE \(condition.text)
        ORDER BY c.time DESC, c.block DESC, c.row DESC LIMIT \(limit)
        """
    }

    /// The calls of a trace, in the order in which they began; at most `CallFilter.limitMax`, the newest.
    public func trace(_ id: TraceID, since: Instant, _ connection: PostgresConnection) throws -> [StoredCall] {
        var filter = CallFilter(since: since, until: Instant(secondsSinceEpoch: 9_000_000_000))
        filter.traceID = id
        filter.limit = CallFilter.limitMax
        return try search(filter, payloads: true, connection).reversed()
    }
}
