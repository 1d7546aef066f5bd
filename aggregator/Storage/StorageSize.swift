import CallModel
import Postgres

/// What the tables take, and what is to be done about it. Everything here but the reading is arithmetic.
public struct StorageSize: Sendable, Equatable {
    /// One table or partition with its indexes.
    public struct Part: Sendable, Equatable {
        /// Such as `call_rows`.
        public var table: String
        /// `20261124` of a day, `202611` of a month; nil for what is no partition by time.
        public var period: String?
        public var byteCount: Int
        /// Whether it holds the bodies of failures only.
        public var isThinned: Bool

        public init(table: String, period: String?, byteCount: Int, isThinned: Bool = false) {
            self.table = table
            self.period = period
            self.byteCount = byteCount
            self.isThinned = isThinned
        }

        public var name: String { period.map { "\(table)_\($0)" } ?? table }
    }

    public var parts: [Part]

    public init(parts: [Part]) { self.parts = parts }

    public var byteCount: Int { parts.reduce(0) { $0 + $1.byteCount } }

    /// By table, partitions together.
    public var byTable: [String: Int] { parts.reduce(into: [:]) { $0[$1.table, default: 0] += $1.byteCount } }

    // MARK: Reading

    static let thinnedRemark = "bodies of failures only"

    public static func read(_ connection: PostgresConnection) throws -> StorageSize {
        var parts: [Part] = []
        try connection.forEachRow(
            """
            SELECT c.relname::text, coalesce(p.relname::text, c.relname::text), pg_total_relation_size(c.oid),
                coalesce(obj_description(c.oid, 'pg_class') = $1, false)
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'farwatch'
            LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class p ON p.oid = i.inhparent
            WHERE c.relkind = 'r' ORDER BY 1
            """, [.text(thinnedRemark)]
        ) { row in
            let (name, table) = (try row.text(0), try row.text(1))
            let suffix = name.dropFirst(table.count + 1)
            let isPeriod = !suffix.isEmpty && suffix.utf8.allSatisfy { (48...57).contains($0) }
            parts.append(
                Part(
                    table: table, period: isPeriod ? String(suffix) : nil, byteCount: Int(try row.int8(2)),
                    isThinned: try row.bool(3)))
        }
        return StorageSize(parts: parts)
    }

    // MARK: Giving back

    /// One step towards the bound.
    public enum Reclaim: Sendable, Equatable {
        /// Take headers and bodies of successful calls out of this partition.
        case thin(Part)
        case drop(Part)
    }

    /// What to give up next, when more is held than may be: bodies of successes first, then all bodies, then single calls, then
    /// counts by minute, then by hour; of each the oldest. Today's partitions are never touched, because calls arrive in them.
    ///
    /// Nil when nothing has to, or nothing can be given up.
    public func nextReclaim(byteCountMax: Int, today: String) -> Reclaim? {
        guard byteCount > byteCountMax else { return nil }
        func oldest(_ tables: [String], _ isWanted: (Part) -> Bool = { _ in true }) -> Part? {
            parts.filter { part in
                guard let period = part.period, tables.contains(part.table) else { return false }
                // A month is over when today's no longer begins with it.
                return period < String(today.prefix(period.count)) && isWanted(part)
            }.min { ($0.period!, $0.table) < ($1.period!, $1.table) }
        }
        if let part = oldest(["payload_blocks"], { !$0.isThinned && $0.byteCount > Self.notWorthwhile }) {
            return .thin(part)
        }
        for tables in [["payload_blocks"], ["call_rows", "rollup_blocks"], Partitions.byMinute, Partitions.byHour] {
            if let part = oldest(tables) { return .drop(part) }
        }
        return nil
    }

    /// An empty partition with its indexes.
    private static let notWorthwhile = 64 << 10

    // MARK: Looking ahead

    /// What a day of calls takes, by the last whole day, or by today so far when it is the first; nil in its first hour.
    public func bytesPerDay(at now: Instant) -> Double? {
        func received(_ day: Int64) -> Int {
            let suffix = Partitions.Period.day(day).suffix
            return parts.filter { $0.period == suffix && Partitions.byReceipt.contains($0.table) }
                .reduce(0) { $0 + $1.byteCount }
        }
        let today = now.secondsSinceEpoch / 86_400
        let elapsed = now.secondsSinceEpoch - today * 86_400
        let yesterday = received(today - 1)
        // Tables of a day without calls have some pages all the same.
        if yesterday > 1 << 20 { return Double(yesterday) }
        guard elapsed >= 3_600 else { return nil }
        return Double(received(today)) * 86_400 / Double(elapsed)
    }

    /// When what is held reaches `byteCountMax` if calls go on arriving as they do; nil when it never does, because retention
    /// drops as much as arrives, or when nothing can be said yet.
    public func timeUntilFull(byteCountMax: Int, _ policy: RetentionPolicy, at now: Instant) -> Duration? {
        guard byteCount < byteCountMax else { return .zero }
        guard let bytesPerDay = bytesPerDay(at: now), bytesPerDay > 0 else { return nil }
        let received = parts.filter { Partitions.byReceipt.contains($0.table) }.reduce(0) { $0 + $1.byteCount }
        // Whole days are dropped, so that one more than the retention is held.
        let daysHeld = Double(policy.calls.inSeconds) / 86_400 + 1
        let atMost = Double(byteCount - received) + bytesPerDay * daysHeld
        guard atMost > Double(byteCountMax) else { return nil }
        return .seconds(Int64(Double(byteCountMax - byteCount) / bytesPerDay * 86_400))
    }
}
