import CallModel
import Postgres

/// What incidents did to our own requests. Whoever works it out later writes over what was there.
public enum ImpactStore {
    public static func store(
        incident: Int64, at now: Instant, _ document: [UInt8], _ connection: PostgresConnection
    ) throws {
        try connection.execute(
            """
            INSERT INTO farwatch.incident_impacts VALUES ($1, $2, $3)
            ON CONFLICT (incident) DO UPDATE SET computed_at = $2, document = $3
            """,
            [
                .int8(incident), .timestamptz(now.microsecondsSinceEpoch),
                .json(String(decoding: document, as: UTF8.self)),
            ])
    }

    static func read(_ incidents: [Int64], _ connection: PostgresConnection) throws -> [Int64: [UInt8]] {
        let rows = try connection.query(
            "SELECT incident, document::text FROM farwatch.incident_impacts WHERE incident = ANY($1)",
            [.int8Array(incidents)])
        return try Dictionary(
            rows.map { (try $0.int8(0), Array(try $0.text(1).utf8)) }, uniquingKeysWith: { first, _ in first })
    }
}
