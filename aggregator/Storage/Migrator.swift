import Postgres

/// Brings a database to this program's schema, one step a transaction.
public enum Migrator {
    /// What `migrate` did, or would do.
    public struct Report: Sendable {
        public var from: Int32
        public var to: Int32
        public var steps: [String]
    }

    /// - Parameter dryRun: only say what would be done.
    /// - Throws: `StorageError.schemaTooNew` where a later release contracted the schema beyond this program; `PostgresError`.
    public static func migrate(_ connection: PostgresConnection, dryRun: Bool = false) throws -> Report {
        try migrate(to: programVersion, connection, dryRun: dryRun)
    }

    /// - Parameter target: the last step to take.
    @discardableResult
    static func migrate(to target: Int32, _ connection: PostgresConnection, dryRun: Bool = false) throws -> Report {
        // Several aggregators may start at once. The lock is the table's own: it works behind poolers, and ends with the
        // transaction.
        if !dryRun {
            try connection.execute(
                """
                CREATE SCHEMA IF NOT EXISTS farwatch;
                CREATE TABLE IF NOT EXISTS farwatch.schema_steps (
                    version int4 PRIMARY KEY, title text NOT NULL, readable_from int4 NOT NULL,
                    applied_at timestamptz NOT NULL DEFAULT now());
                """)
        }
        var report = Report(from: try version(connection), to: target, steps: [])
        for step in Schema.steps where step.version > report.from && step.version <= target {
            report.steps.append("\(step.version): \(step.title)")
            guard !dryRun else { continue }
            try connection.transaction {
                try connection.execute("LOCK TABLE farwatch.schema_steps IN ACCESS EXCLUSIVE MODE")
                guard try version(connection) < step.version else { return }
                try connection.execute(step.script)
                try connection.execute(
                    "INSERT INTO farwatch.schema_steps (version, title, readable_from) VALUES ($1, $2, $3)",
                    [.int4(step.version), .text(step.title), .int4(step.kind == .expands ? 1 : step.version)])
            }
        }
        return report
    }

    /// The version this program brings a database to.
    public static var programVersion: Int32 { Schema.steps.last!.version }

    /// The version the database is at; 0 before the first step.
    ///
    /// - Throws: `StorageError.schemaTooNew` where a later release contracted the schema beyond this program.
    public static func version(_ connection: PostgresConnection) throws -> Int32 {
        let exists = try connection.query("SELECT to_regclass('farwatch.schema_steps') IS NOT NULL")
        guard try exists[0].bool(0) else { return 0 }
        let rows = try connection.query(
            "SELECT coalesce(max(version), 0), coalesce(max(readable_from), 0) FROM farwatch.schema_steps")
        let readableFrom = try rows[0].int4(1)
        guard readableFrom <= Schema.steps.last!.version else {
            throw StorageError.schemaTooNew(readableFrom: readableFrom, program: Schema.steps.last!.version)
        }
        return try rows[0].int4(0)
    }
}

/// What Storage itself refuses; everything the server refuses is a `PostgresError`.
public enum StorageError: Error, CustomStringConvertible {
    case schemaTooNew(readableFrom: Int32, program: Int32)
    case damaged(String)

    public var description: String {
        switch self {
        case .schemaTooNew(let readableFrom, let program):
            "the database's schema needs a program of schema \(readableFrom) or later, this one has \(program): "
                + "upgrade this aggregator"
        case .damaged(let what): "stored data cannot be read: \(what)"
        }
    }
}
