import CallModel
import Drift
import Postgres

/// Which findings are asked for. Everything that is set must hold.
public struct DriftFilter: Sendable, Equatable {
    public var partner: String?
    public var route: String?
    public var kind: DriftFinding.Kind?
    /// Seen for the first time since, or by its last answer.
    public var since: Instant
    /// Before this one, in the order of the list.
    public var cursor: DriftCursor?
    public var limit = 100

    public static let limitMax = 500

    public init(since: Instant) { self.since = since }
}

/// Where a page of findings ended.
public struct DriftCursor: Sendable, Equatable {
    public var firstSeenMicroseconds: Int64
    public var id: String

    public init(firstSeenMicroseconds: Int64, id: String) {
        self.firstSeenMicroseconds = firstSeenMicroseconds
        self.id = id
    }
}

/// What partners changed, in the database. The watcher that holds the lease alone writes it.
public enum DriftStore {
    /// Findings that are kept; then the oldest go.
    public static let countMax = 20_000
    private static let keptDays = 400
    /// Read at a time; what is more is told later.
    private static let untoldMax = 500
    private static let columns =
        "id, partner, route, kind, subject, before, after, effective_at, first_seen, last_seen, answers, hosts_seeing, "
        + "hosts_calling, samples"

    /// Writes findings as they are now, unless a watcher of a later epoch already did.
    public static func store(_ findings: [DriftFinding], epoch: Int64, _ connection: PostgresConnection) throws {
        for finding in findings {
            try connection.execute(
                """
                INSERT INTO farwatch.drifts AS d (\(columns), epoch)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
                ON CONFLICT (id) DO UPDATE SET before = $6, after = $7, last_seen = $10, answers = $11, hosts_seeing = $12,
                    hosts_calling = $13, epoch = $15
                WHERE d.epoch <= $15
                """,
                [
                    .text(finding.id), .text(finding.partner), .text(finding.route), .text(finding.kind.rawValue),
                    .text(finding.subject), .text(finding.before), .text(finding.after),
                    .timestamptz(finding.effectiveAt?.microsecondsSinceEpoch),
                    .timestamptz(finding.firstSeen.microsecondsSinceEpoch),
                    .timestamptz(finding.lastSeen.microsecondsSinceEpoch), .int8(Int64(finding.answers)),
                    .int4(Int32(clamping: finding.hostsSeeing)), .int4(Int32(clamping: finding.hostsCalling)),
                    .textArray(finding.samples), .int8(epoch),
                ], prepared: true)
        }
        guard !findings.isEmpty else { return }
        try connection.execute(
            """
            DELETE FROM farwatch.drifts WHERE first_seen < now() - interval '\(keptDays) days' OR first_seen < (
                SELECT first_seen FROM farwatch.drifts ORDER BY first_seen DESC OFFSET \(countMax) LIMIT 1)
            """)
    }

    /// Newest first, at most `filter.limit`.
    public static func list(_ filter: DriftFilter, _ connection: PostgresConnection) throws -> [DriftFinding] {
        try connection.query(
            """
            SELECT \(columns) FROM farwatch.drifts
            WHERE last_seen >= $1 AND ($2::text IS NULL OR partner = $2) AND ($3::text IS NULL OR route = $3)
            AND ($4::text IS NULL OR kind = $4) AND ($5::timestamptz IS NULL OR (first_seen, id) < ($5, $6::text))
            ORDER BY first_seen DESC, id DESC LIMIT $7
            """,
            [
                .timestamptz(filter.since.microsecondsSinceEpoch), .text(filter.partner), .text(filter.route),
                .text(filter.kind?.rawValue), .timestamptz(filter.cursor?.firstSeenMicroseconds),
                .text(filter.cursor?.id), .int4(Int32(clamping: min(max(filter.limit, 1), DriftFilter.limitMax))),
            ]
        ).map(finding)
    }

    /// Changes of these kinds, found within the last day, of which nobody was told; the oldest first.
    public static func untold(
        _ kinds: [DriftFinding.Kind], _ connection: PostgresConnection
    ) throws -> [DriftFinding] {
        try connection.query(
            """
            SELECT \(columns) FROM farwatch.drifts
            WHERE told_at IS NULL AND first_seen > now() - interval '1 day' AND kind = ANY($1)
            ORDER BY first_seen, id LIMIT \(untoldMax)
            """, [.textArray(kinds.map(\.rawValue))], prepared: true
        ).map(finding)
    }

    public static func markTold(_ ids: [String], at now: Instant, _ connection: PostgresConnection) throws {
        try connection.execute(
            "UPDATE farwatch.drifts SET told_at = $2 WHERE id = ANY($1)",
            [.textArray(ids), .timestamptz(now.microsecondsSinceEpoch)])
    }

    public static func partnersTold(since: Instant, _ connection: PostgresConnection) throws -> Set<String> {
        Set(
            try connection.query(
                "SELECT DISTINCT partner FROM farwatch.drifts WHERE told_at > $1 AND first_seen > now() - interval '2 days'",
                [.timestamptz(since.microsecondsSinceEpoch)]
            ).map { try $0.text(0) })
    }

    private static func finding(_ row: PostgresRow) throws -> DriftFinding {
        guard let kind = DriftFinding.Kind(rawValue: try row.text(3)) else {
            throw StorageError.damaged("the kind of the drift \(try row.text(0))")
        }
        func time(_ column: Int) throws -> Instant { Instant(microsecondsSinceEpoch: try row.timestamptz(column)) }
        var finding = DriftFinding(
            partner: try row.text(1), route: try row.text(2), kind: kind, subject: try row.text(4),
            before: try row.textOrNull(5), after: try row.textOrNull(6), firstSeen: try time(8), lastSeen: try time(9))
        finding.effectiveAt = try row.timestamptzOrNull(7).map(Instant.init(microsecondsSinceEpoch:))
        finding.answers = Int(try row.int8(10))
        (finding.hostsSeeing, finding.hostsCalling) = (Int(try row.int4(11)), Int(try row.int4(12)))
        finding.samples = try row.textArray(13)
        return finding
    }
}
