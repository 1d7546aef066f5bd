import CallModel
import Postgres

/// What a token may do. Each is asked for by name; `admin` includes all others.
public enum TokenScope: String, Sendable, CaseIterable {
    case ingest
    case read
    case readBodies = "read:bodies"
    case operate
    case admin
}

/// A token as it is listed. The token itself is shown once, when it is made; only its SHA-256 is kept.
public struct TokenRecord: Sendable {
    public var id: Int32
    public var name: String
    public var scopes: [TokenScope]
    public var createdAt: Instant
    public var expiresAt: Instant?
    public var revokedAt: Instant?
    public var hash: [UInt8]

    public func isValid(at now: Instant) -> Bool {
        revokedAt == nil && (expiresAt.map { now < $0 } ?? true)
    }
}

/// Tokens in the database.
public enum TokenStore {
    public static func create(
        name: String, scopes: [TokenScope], hash: [UInt8], expiresAt: Instant?, _ connection: PostgresConnection
    ) throws -> Int32 {
        let rows = try connection.query(
            "INSERT INTO farwatch.tokens (name, hash, scopes, expires_at) VALUES ($1, $2, $3, $4) RETURNING id",
            [
                .text(name), .bytea(hash), .textArray(scopes.map(\.rawValue)),
                .timestamptz(expiresAt?.microsecondsSinceEpoch),
            ])
        return try rows[0].int4(0)
    }

    public static func list(_ connection: PostgresConnection) throws -> [TokenRecord] {
        let rows = try connection.query(
            "SELECT id, name, scopes, created_at, expires_at, revoked_at, hash FROM farwatch.tokens ORDER BY id")
        return try rows.map { row in
            TokenRecord(
                id: try row.int4(0), name: try row.text(1), scopes: try row.textArray(2).compactMap(TokenScope.init),
                createdAt: Instant(microsecondsSinceEpoch: try row.timestamptz(3)),
                expiresAt: try row.timestamptzOrNull(4).map(Instant.init(microsecondsSinceEpoch:)),
                revokedAt: try row.timestamptzOrNull(5).map(Instant.init(microsecondsSinceEpoch:)),
                hash: try row.bytea(6))
        }
    }

    /// Returns whether there was a valid token of that number.
    public static func revoke(id: Int32, _ connection: PostgresConnection) throws -> Bool {
        try connection.execute(
            "UPDATE farwatch.tokens SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL", [.int4(id)]) > 0
    }

    /// Writes down who did what. `detail` is a JSON object.
    public static func audit(
        who: String, what: String, detail: String, _ connection: PostgresConnection
    ) throws {
        try connection.execute(
            "INSERT INTO farwatch.audit (who, what, detail) VALUES ($1, $2, $3)",
            [.text(who), .text(what), .jsonb(detail)])
    }
}
