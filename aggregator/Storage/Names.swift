import CallModel
import Postgres
import Rollups
import Synchronization

/// The dictionaries of names, in memory. What is missing is read from the database, or allocated in a transaction of its own
/// before the calls that use it: an id that no call uses costs nothing, a call with an unknown id would.
///
/// Shared by the writer and all readers; every access holds the mutex, for as long as a look-up takes and never during I/O.
public final class Names: Sendable {
    private struct State {
        var ids: [NameKind: [String: NameID]] = [:]
        var names: [NameKind: [NameID: String]] = [:]
        var origins: [Origin: Int32] = [:]
        var originsByID: [Int32: Origin] = [:]
    }

    /// Stands for names beyond a kind's limit.
    public static let other = "{other}"
    private static let originCountMax = 500_000

    private let state = Mutex(State())

    public init() {}

    public func id(of name: String, _ kind: NameKind) -> NameID? {
        state.withLock { $0.ids[kind]?[name] }
    }

    public func name(of id: NameID, _ kind: NameKind) -> String? {
        id == 0 ? nil : state.withLock { $0.names[kind]?[id] }
    }

    public func count(_ kind: NameKind) -> Int { state.withLock { $0.ids[kind]?.count ?? 0 } }

    func origin(of id: Int32) -> Origin? { state.withLock { $0.originsByID[id] } }

    private func remember(_ name: String, _ id: NameID, _ kind: NameKind) {
        state.withLock {
            $0.ids[kind, default: [:]][name] = id
            $0.names[kind, default: [:]][id] = name
        }
    }

    private func remember(_ origin: Origin, _ id: Int32) {
        state.withLock {
            $0.origins[origin] = id
            $0.originsByID[id] = origin
        }
    }

    /// Reads all names the database has: at start, and by readers when they meet an id that another aggregator made.
    public func load(_ connection: PostgresConnection) throws {
        try connection.forEachRow("SELECT kind, id, name FROM farwatch.names", []) { row in
            guard let kind = NameKind(rawValue: try row.int2(0)) else { return }
            self.remember(try row.text(2), try row.int4(1), kind)
        }
        try connection.forEachRow(
            "SELECT id, service, service_version, host, region, environment FROM farwatch.origins", []
        ) { row in
            let origin = Origin(
                service: try row.int4(1), serviceVersion: try row.int4(2), host: try row.int4(3),
                region: try row.int4(4),
                environment: try row.int4(5))
            self.remember(origin, try row.int4(0))
        }
    }

    /// Ids for names, made where there are none.
    func resolve(_ wanted: Set<String>, _ kind: NameKind, _ connection: PostgresConnection) throws -> [String: NameID] {
        var found: [String: NameID] = [:]
        found.reserveCapacity(wanted.count)
        var missing: [String] = []
        state.withLock { state in
            let ids = state.ids[kind] ?? [:]
            for name in wanted {
                if let id = ids[name] { found[name] = id } else { missing.append(name) }
            }
        }
        guard !missing.isEmpty else { return found }
        missing.sort()  // Two writers that insert in the same order cannot deadlock.
        let room = max(0, kind.countMax - count(kind))
        let excess = missing.dropFirst(room)
        for (name, id) in try insert(Array(missing.prefix(room)), kind, connection) { found[name] = id }
        if !excess.isEmpty {
            let other = try id(of: Self.other, kind) ?? insert([Self.other], kind, connection)[Self.other]!
            for name in excess { found[name] = other }
        }
        return found
    }

    private func insert(
        _ names: [String], _ kind: NameKind, _ connection: PostgresConnection
    ) throws -> [String: NameID] {
        guard !names.isEmpty else { return [:] }
        var ids: [String: NameID] = [:]
        try connection.transaction {
            try connection.execute(
                """
                INSERT INTO farwatch.names (kind, name) SELECT $1, unnest($2::text[]) ON CONFLICT (kind, name) DO NOTHING
                """, [.int2(kind.rawValue), .textArray(names)])
            let rows = try connection.query(
                "SELECT name, id FROM farwatch.names WHERE kind = $1 AND name = ANY($2)",
                [.int2(kind.rawValue), .textArray(names)])
            for row in rows { ids[try row.text(0)] = try row.int4(1) }
        }
        for (name, id) in ids { remember(name, id, kind) }
        return ids
    }

    func resolve(_ wanted: Set<Origin>, _ connection: PostgresConnection) throws -> [Origin: Int32] {
        var found: [Origin: Int32] = [:]
        var missing: [Origin] = []
        let known = state.withLock { state in
            for origin in wanted {
                if let id = state.origins[origin] { found[origin] = id } else { missing.append(origin) }
            }
            return state.origins.count
        }
        guard !missing.isEmpty else { return found }
        if known + missing.count > Self.originCountMax {
            for origin in missing { found[origin] = 0 }
            return found
        }
        let columns = [\Origin.service, \.serviceVersion, \.host, \.region, \.environment].map { column in
            PostgresValue.int4Array(missing.map { $0[keyPath: column] })
        }
        let unnested = "unnest($1::int4[], $2::int4[], $3::int4[], $4::int4[], $5::int4[])"
        let rows = try connection.transaction {
            try connection.execute(
                """
                INSERT INTO farwatch.origins (service, service_version, host, region, environment)
                SELECT * FROM \(unnested) AS t(a, b, c, d, e) ORDER BY 1, 2, 3, 4, 5 ON CONFLICT DO NOTHING
                """, columns)
            return try connection.query(
                """
                SELECT o.id, o.service, o.service_version, o.host, o.region, o.environment FROM farwatch.origins o
                JOIN \(unnested) AS t(a, b, c, d, e)
                ON (o.service, o.service_version, o.host, o.region, o.environment) = (a, b, c, d, e)
                """, columns)
        }
        for row in rows {
            let origin = Origin(
                service: try row.int4(1), serviceVersion: try row.int4(2), host: try row.int4(3),
                region: try row.int4(4),
                environment: try row.int4(5))
            found[origin] = try row.int4(0)
            remember(origin, try row.int4(0))
        }
        return found
    }
}
