import CallModel
import Postgres

/// An agent as it last reported.
public struct AgentRecord: Sendable {
    public var agentID: String
    public var firstSeen: Instant
    public var lastSeen: Instant
    /// The heartbeat's JSON object, as it was sent.
    public var report: String

    public init(agentID: String, firstSeen: Instant, lastSeen: Instant, report: String) {
        self.agentID = agentID
        self.firstSeen = firstSeen
        self.lastSeen = lastSeen
        self.report = report
    }
}

/// Agents in the database. The live state is in memory; this is what survives a restart.
public struct AgentStore: Sendable {
    private let names: Names

    public init(names: Names) { self.names = names }

    /// Writes the latest heartbeat of each agent. One that the database refuses, such as for a number that `jsonb` cannot hold,
    /// keeps no other out: halves are tried until it is alone.
    ///
    /// - Returns: the agents whose reports were refused.
    public func store(_ agents: [AgentRecord], _ connection: PostgresConnection) throws -> [String] {
        do {
            try write(agents, connection)
            return []
        } catch let failure as any FlushFailure where failure.isAboutContents {
            guard agents.count > 1 else { return agents.map(\.agentID) }
        }
        let middle = agents.count / 2
        return try store(Array(agents[..<middle]), connection) + store(Array(agents[middle...]), connection)
    }

    private func write(_ agents: [AgentRecord], _ connection: PostgresConnection) throws {
        guard !agents.isEmpty else { return }
        let ids = try names.resolve(Set(agents.map(\.agentID)), .agent, connection)
        let sorted = agents.sorted { $0.agentID < $1.agentID }
        try connection.execute(
            """
            INSERT INTO farwatch.agents AS a (shard, agent, first_seen, last_seen, report)
            SELECT DISTINCT ON (shard, agent) * FROM unnest($1::int2[], $2::int4[], $3::timestamptz[], $4::timestamptz[],
                $5::text[]::jsonb[]) AS t(shard, agent, first_seen, last_seen, report)
            ON CONFLICT (shard, agent) DO UPDATE
            SET last_seen = greatest(a.last_seen, excluded.last_seen), report = excluded.report
            """,
            [
                .int2Array(sorted.map { Schema.shard(of: $0.agentID) }),
                .int4Array(sorted.map { ids[$0.agentID] ?? 0 }),
                .timestamptzArray(sorted.map(\.firstSeen.microsecondsSinceEpoch)),
                .timestamptzArray(sorted.map(\.lastSeen.microsecondsSinceEpoch)), .textArray(sorted.map(\.report)),
            ])
    }

    /// Agents that reported since the given time.
    public func load(since: Instant, _ connection: PostgresConnection) throws -> [AgentRecord] {
        let rows = try connection.query(
            """
            SELECT n.name, a.first_seen, a.last_seen, a.report::text FROM farwatch.agents a
            JOIN farwatch.names n ON n.kind = 9 AND n.id = a.agent WHERE a.last_seen >= $1
            """, [.timestamptz(since.microsecondsSinceEpoch)])
        return try rows.map { row in
            AgentRecord(
                agentID: try row.text(0), firstSeen: Instant(microsecondsSinceEpoch: try row.timestamptz(1)),
                lastSeen: Instant(microsecondsSinceEpoch: try row.timestamptz(2)), report: try row.text(3))
        }
    }

    /// Remembers how far agents' acknowledged sequences reach, and forgets ledger entries below floors that are old enough for
    /// no copy of those batches to be under way any more.
    public func forgetLedger(
        _ floors: [(agentID: String, spool: (high: UInt64, low: UInt64), floor: UInt64)], at now: Instant,
        _ connection: PostgresConnection
    ) throws {
        let ids = try names.resolve(Set(floors.map(\.agentID)), .agent, connection)
        try connection.transaction {
            try connection.execute(
                """
                INSERT INTO farwatch.spools AS s (shard, agent, spool, floor, floor_at)
                SELECT t.shard, t.agent, t.spool, t.floor, $5
                FROM unnest($1::int2[], $2::int4[], $3::uuid[], $4::int8[]) AS t(shard, agent, spool, floor)
                ORDER BY 1, 2, 3
                ON CONFLICT (shard, agent, spool) DO UPDATE SET floor = excluded.floor, floor_at = excluded.floor_at
                WHERE s.floor < excluded.floor AND s.floor_at < $5 - interval '\(Self.floorAge)'
                """,
                [
                    .int2Array(floors.map { Schema.shard(of: $0.agentID) }),
                    .int4Array(floors.map { ids[$0.agentID] ?? 0 }),
                    .uuidArray(floors.map { PostgresUUID(high: $0.spool.high, low: $0.spool.low) }),
                    .int8Array(floors.map { Int64(clamping: $0.floor) }), .timestamptz(now.microsecondsSinceEpoch),
                ])
            try connection.execute(
                """
                DELETE FROM farwatch.ledger l USING farwatch.spools s
                WHERE (l.shard, l.agent, l.spool) = (s.shard, s.agent, s.spool) AND l.sequence < s.floor
                AND s.floor_at < $1 - interval '\(Self.floorAge)'
                """, [.timestamptz(now.microsecondsSinceEpoch)])
        }
    }

    /// No transaction of ingest lives this long, so none still relies on an entry that is then deleted.
    private static let floorAge = "10 minutes"
}
