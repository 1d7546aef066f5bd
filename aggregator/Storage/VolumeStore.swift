import CallModel
import Postgres
import Rollups

/// Calls and failures of one key, such as a route, or of one step of time.
public struct VolumeCount: Sendable, Equatable {
    /// A name, or nil where none was given.
    public var name: String?
    public var start: Instant?
    public var calls: Int64
    public var failures: Int64

    public init(name: String?, start: Instant?, calls: Int64, failures: Int64) {
        self.name = name
        self.start = start
        self.calls = calls
        self.failures = failures
    }
}

/// Which counts to add up.
public struct VolumeFilter: Sendable, Equatable {
    /// By what to group.
    public enum Key: String, Sendable, CaseIterable {
        case partner, route, region, host, customer
        case serviceVersion = "service_version"
        case time
    }

    public var since: Instant
    public var until: Instant
    public var partner: String?
    public var direction: Direction?
    public var key: Key
    /// Of `time`: whole minutes or, beyond two days, whole hours.
    public var step: Duration = .seconds(3_600)

    public init(since: Instant, until: Instant, key: Key) {
        self.since = since
        self.until = until
        self.key = key
    }

    /// Counts by minute are read for this long at most; beyond it those by hour.
    public static let minutesMax: Duration = .seconds(48 * 3_600)
    var readsMinutes: Bool { until - since <= Self.minutesMax }
}

/// Adds up the lasting counts.
public struct VolumeStore: Sendable {
    private let names: Names
    public static let rowCountMax = 1_000

    public init(names: Names) { self.names = names }

    /// Busiest first, or in the order of time; at most `rowCountMax`.
    public func read(_ filter: VolumeFilter, _ connection: PostgresConnection) throws -> [VolumeCount] {
        let unit = filter.readsMinutes ? "minute" : "hour"
        let column = Self.column(filter.key)
        var parameters: [PostgresValue] = [
            .timestamptz(filter.since.microsecondsSinceEpoch), .timestamptz(filter.until.microsecondsSinceEpoch),
            .int2(column.set.rawValue),
        ]
        var condition = "m.\(unit) >= $1 AND m.\(unit) < $2 AND m.dimension = $3"
        if let partner = filter.partner {
            if names.id(of: partner, .partner) == nil { try names.load(connection) }
            guard let id = names.id(of: partner, .partner) else { return [] }
            parameters.append(.int4(id))
            condition += " AND m.partner = $\(parameters.count)"
        }
        if let direction = filter.direction {
            parameters.append(.int2(Int16(direction.rawValue)))
            condition += " AND m.direction = $\(parameters.count)"
        }
        let sums = "sum(m.calls)::int8, coalesce(sum(m.calls) FILTER (WHERE o.counts_as_failure), 0)::int8"
        let source = "farwatch.\(unit)_counts m JOIN farwatch.outcomes o ON o.code = m.outcome"
        guard filter.key == .time else {
            let rows = try connection.query(
                """
                SELECT m.\(column.name), \(sums) FROM \(source) WHERE \(condition)
                GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT \(Self.rowCountMax)
                """, parameters)
            if try rows.contains(where: { try isUnknown($0.int4(0), column.kind) }) { try names.load(connection) }
            return try rows.map { row in
                VolumeCount(
                    name: names.name(of: try row.int4(0), column.kind), start: nil, calls: try row.int8(1),
                    failures: try row.int8(2))
            }
        }
        let seconds = Int64(filter.step.inSeconds)
        return try connection.query(
            """
            SELECT (floor(extract(epoch FROM m.\(unit)) / \(seconds)) * \(seconds))::int8, \(sums) FROM \(source)
            WHERE \(condition) GROUP BY 1 ORDER BY 1 LIMIT \(Self.rowCountMax)
            """, parameters
        ).map { row in
            VolumeCount(
                name: nil, start: Instant(secondsSinceEpoch: try row.int8(0)), calls: try row.int8(1),
                failures: try row.int8(2))
        }
    }

    private func isUnknown(_ id: NameID, _ kind: NameKind) -> Bool { id != 0 && names.name(of: id, kind) == nil }

    private static func column(_ key: VolumeFilter.Key) -> (name: String, set: RollupSet, kind: NameKind) {
        switch key {
        case .partner, .time: ("partner", .partner, .partner)
        case .route: ("first", .routeAndRegion, .route)
        case .region: ("second", .routeAndRegion, .region)
        case .host: ("first", .host, .host)
        case .customer: ("first", .customer, .customer)
        case .serviceVersion: ("first", .serviceVersion, .serviceVersion)
        }
    }
}
