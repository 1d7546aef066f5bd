import CallModel
import Postgres
import Rollups

/// Calls of one partner in one stretch of time.
public struct HistoryCount: Sendable, Equatable {
    public var start: Instant
    public var calls: Int64
    public var failures: Int64

    public init(start: Instant, calls: Int64, failures: Int64) {
        self.start = start
        self.calls = calls
        self.failures = failures
    }
}

/// What is read to tell a partner's history: outbound calls by day and by the quarter of an hour, and when it was first seen.
public struct HistoryRecord: Sendable, Equatable {
    public var firstSeen: Instant?
    /// The last ninety days.
    public var days: [HistoryCount] = []
    /// The last day, by quarters of an hour.
    public var quarters: [HistoryCount] = []

    public init() {}
}

public enum HistoryStore {
    /// By partner. Reads each partner's whole alone, which is a few rows a minute.
    public static func read(
        _ names: Names, at now: Instant, _ connection: PostgresConnection
    ) throws -> [String: HistoryRecord] {
        var records: [NameID: HistoryRecord] = [:]
        let sums = "sum(m.calls)::int8, coalesce(sum(m.calls) FILTER (WHERE o.counts_as_failure), 0)::int8"
        let ofPartners = "m.dimension = \(RollupSet.partner.rawValue) AND m.direction = 0"
        try connection.forEachRow(
            """
            SELECT m.partner, (floor(extract(epoch FROM m.hour) / 86400) * 86400)::int8, \(sums)
            FROM farwatch.hour_counts m JOIN farwatch.outcomes o ON o.code = m.outcome
            WHERE \(ofPartners) AND m.hour >= $1 GROUP BY 1, 2 ORDER BY 1, 2
            """, [.timestamptz((now - .seconds(90 * 86_400)).microsecondsSinceEpoch)]
        ) { row in records[try row.int4(0), default: HistoryRecord()].days.append(try count(row)) }
        try connection.forEachRow(
            """
            SELECT m.partner, (floor(extract(epoch FROM m.minute) / 900) * 900)::int8, \(sums)
            FROM farwatch.minute_counts m JOIN farwatch.outcomes o ON o.code = m.outcome
            WHERE \(ofPartners) AND m.minute >= $1 GROUP BY 1, 2 ORDER BY 1, 2
            """, [.timestamptz((now - .seconds(86_400)).microsecondsSinceEpoch)]
        ) { row in records[try row.int4(0), default: HistoryRecord()].quarters.append(try count(row)) }
        try connection.forEachRow(
            "SELECT m.partner, min(m.hour) FROM farwatch.hour_counts m WHERE \(ofPartners) GROUP BY 1", []
        ) { row in
            records[try row.int4(0)]?.firstSeen = Instant(microsecondsSinceEpoch: try row.timestamptz(1))
        }
        if records.keys.contains(where: { names.name(of: $0, .partner) == nil }) { try names.load(connection) }
        var named: [String: HistoryRecord] = [:]
        for (id, record) in records {
            if let name = names.name(of: id, .partner) { named[name] = record }
        }
        return named
    }

    private static func count(_ row: PostgresRow) throws -> HistoryCount {
        HistoryCount(
            start: Instant(secondsSinceEpoch: try row.int8(1)), calls: try row.int8(2), failures: try row.int8(3))
    }
}
