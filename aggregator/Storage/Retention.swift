import CallModel
import Postgres

/// How long what is kept.
public struct RetentionPolicy: Sendable {
    /// Calls, their payloads and the rollup blocks. Dropped by whole days, so up to a day longer.
    public var calls: Duration = .seconds(72 * 3_600)
    /// Counts by minute. Dropped by whole days.
    public var minutes: Duration = .seconds(30 * 86_400)
    /// Counts by hour. Dropped by whole months.
    public var hours: Duration = .seconds(396 * 86_400)
    /// What the database may take, in bytes; nil for whatever the disk holds.
    public var byteCountMax: Int?

    public init() {}
}

public enum Retention {
    /// What searches need to stay fast; to be called about once a minute.
    public static func summarize(_ connection: PostgresConnection) throws { try Partitions.summarize(connection) }

    /// Makes the partitions of today and the next two days, and drops those whose time is over. Returns the dropped ones' names.
    public static func maintain(
        _ policy: RetentionPolicy, at now: Instant, _ connection: PostgresConnection
    ) throws -> [String] {
        let today = now.secondsSinceEpoch / 86_400
        for day in today...today + 2 {
            try Partitions.create(Partitions.byReceipt + Partitions.byMinute, day: day, connection)
        }
        let month = Partitions.Period.month(of: now)
        for month in month...month + 1 { try Partitions.create(Partitions.byHour, .month(month), connection) }
        func day(before duration: Duration) -> Partitions.Period { .day((now - duration).secondsSinceEpoch / 86_400) }
        var dropped = try Partitions.drop(Partitions.byReceipt, before: day(before: policy.calls), connection)
        dropped += try Partitions.drop(Partitions.byMinute, before: day(before: policy.minutes), connection)
        dropped += try Partitions.drop(
            Partitions.byHour, before: .month(Partitions.Period.month(of: now - policy.hours)), connection)
        // What came from clocks far off lies in the default partitions, and is little.
        for (unit, kept) in [("minute", policy.minutes), ("hour", policy.hours)] {
            try connection.execute(
                "DELETE FROM farwatch.\(unit)_segments_default WHERE \(unit) < $1",
                [.timestamptz((now - kept).microsecondsSinceEpoch)])
        }
        return dropped
    }
}
