import CallModel
import Postgres

/// How long what is kept.
public struct RetentionPolicy: Sendable {
    /// Calls, their payloads and the rollup blocks. Dropped by whole days, so up to a day longer.
    public var calls: Duration = .seconds(72 * 3_600)
    /// Counts by minute.
    public var minutes: Duration = .seconds(30 * 86_400)

    public init() {}
}

public enum Retention {
    /// Makes the partitions of today and the next two days, and drops those whose time is over. Returns the dropped ones' names.
    public static func maintain(
        _ policy: RetentionPolicy, at now: Instant, _ connection: PostgresConnection
    ) throws -> [String] {
        let today = now.secondsSinceEpoch / 86_400
        for day in today...today + 2 { try Partitions.create(Partitions.byReceipt, day: day, connection) }
        let dropped = try Partitions.drop(Partitions.byReceipt, before: now - policy.calls, connection)
        // Counts by minute lie in one partition until they are many: deleting a day of them is cheap.
        for table in Partitions.byMinute {
            try connection.execute(
                "DELETE FROM farwatch.\(table) WHERE minute < $1",
                [.timestamptz((now - policy.minutes).microsecondsSinceEpoch)])
        }
        return dropped
    }
}
