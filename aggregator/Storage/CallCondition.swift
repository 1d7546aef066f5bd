import CallModel
import Postgres
import Rollups

/// A filter as SQL: names are looked up first, so that the rows are compared by id.
struct CallCondition {
    private(set) var text: String
    private(set) var joins = ""
    private(set) var parameters: [PostgresValue]

    /// A call is received after it was made, unless the host's clock is ahead: so far ahead a clock may be for its calls to
    /// be found by time. It keeps a search away from the partitions of all days before.
    static let clockAheadMax: Duration = .seconds(86_400)

    /// A week.
    static let bucketsMax: Int64 = 2_016
    private static let namedOriginsMax = 8

    /// Nil when a name was asked for that no call ever had.
    ///
    /// - Parameter bucketIs: what the calls' five minutes are compared with, for statements that go from one to the next; else they
    ///   are listed where that helps.
    init?(
        _ filter: CallFilter, _ names: Names, _ connection: PostgresConnection, bucketIs: String? = nil
    ) throws {
        parameters = [
            .timestamptz(filter.since.microsecondsSinceEpoch), .timestamptz(filter.until.microsecondsSinceEpoch),
            .timestamptz((filter.since - Self.clockAheadMax).microsecondsSinceEpoch),
        ]
        // Written so that no index is meant: one that keeps a time away keeps a million others.
        let hidden = filter.isByKey ? " + interval '0'" : ""
        text = "(c.time\(hidden)) >= $1 AND (c.time\(hidden)) < $2 AND (c.received_at\(hidden)) >= $3"
        if let bucketIs {
            text += " AND \(Schema.bucket(of: "c.time")) = \(bucketIs)"
        } else if filter.isIndexedByBucket, let buckets = Self.buckets(filter) {
            add("\(Schema.bucket(of: "c.time")) = ANY", list: .timestamptzArray(buckets))
        }
        let byID: [(column: String, name: String?, kind: NameKind)] = [
            ("c.partner", filter.partner, .partner), ("c.route", filter.route, .route),
            ("c.customer", filter.customer, .customer), ("o.service", filter.service, .service),
            ("o.service_version", filter.serviceVersion, .serviceVersion), ("o.host", filter.host, .host),
            ("o.region", filter.region, .region), ("o.environment", filter.environment, .environment),
        ]
        var origins: [(column: String, id: NameID)] = []
        for (column, name, kind) in byID {
            guard let name else { continue }
            if names.id(of: name, kind) == nil { try names.load(connection) }
            guard let id = names.id(of: name, kind) else { return nil }
            if column.hasPrefix("o.") { origins.append((column, id)) } else { add("\(column) = ", .int4(id)) }
        }
        guard try addOrigins(origins, connection) else { return nil }
        // What the planner can hold against the index of calls in trouble; the outcomes themselves are asked below.
        if filter.isTrouble { text += " AND c.outcome <> 0" }
        if let direction = filter.direction { add("c.flags & 1 = ", .int2(Int16(direction.rawValue))) }
        if let outcome = filter.outcome { addOutcomes { $0.name == outcome } }
        if let failed = filter.failed { addOutcomes { $0.isFailure == failed } }
        if let succeeded = filter.succeeded { addOutcomes { ($0 == .success) == succeeded } }
        if let failure = filter.failure { addOutcomes { $0 == .noAnswer(failure) } }
        if let status = filter.status {
            add("c.status >= ", .int2(Int16(clamping: status.lowerBound)))
            add("c.status <= ", .int2(Int16(clamping: status.upperBound)))
        }
        if let slower = filter.slowerThan { add("c.duration_us >= ", .int8(slower.nanoseconds / 1_000)) }
        if let source = filter.source { add("c.flags >> 1 & 7 = ", .int2(Int16(source.rawValue))) }
        if let trace = filter.traceID { add("c.trace_id = ", .uuid(PostgresUUID(high: trace.high, low: trace.low))) }
        if let id = filter.id { add(id) }
        if let cursor = filter.cursor {
            // The first comparison is what the index on time understands.
            add("c.time <= ", .timestamptz(cursor.timeMicroseconds))
            parameters += [.timestamptz(cursor.timeMicroseconds), .int8(cursor.block), .int2(cursor.row)]
            let last = parameters.count
            text += " AND (c.time, c.block, c.row) < ($\(last - 2), $\(last - 1), $\(last))"
        }
    }

    private mutating func add(_ comparison: String, _ value: PostgresValue) {
        parameters.append(value)
        text += " AND \(comparison)$\(parameters.count)"
    }

    private mutating func add(_ comparison: String, list: PostgresValue) {
        parameters.append(list)
        text += " AND \(comparison)($\(parameters.count))"
    }

    /// Few origins are named one by one, so that the index leaves out pages without them; for more they are joined.
    ///
    /// - Returns: false where there is none.
    private mutating func addOrigins(
        _ wanted: [(column: String, id: NameID)], _ connection: PostgresConnection
    ) throws -> Bool {
        guard !wanted.isEmpty else { return true }
        let tests = wanted.enumerated().map { "\($1.column) = $\($0 + 1)" }.joined(separator: " AND ")
        let found = try connection.query(
            "SELECT o.id FROM farwatch.origins o WHERE \(tests) LIMIT \(Self.namedOriginsMax + 1)",
            wanted.map { .int4($0.id) })
        guard found.count > Self.namedOriginsMax else {
            let ids = try found.map { try $0.int4(0) }
            text += " AND (" + ids.map { "c.origin = \($0)" }.joined(separator: " OR ") + ")"
            return !ids.isEmpty
        }
        for (column, id) in wanted { add("\(column) = ", .int4(id)) }
        joins = "JOIN farwatch.origins o ON o.id = c.origin"
        return true
    }

    /// The buckets that a filter's time touches; nil where they are so many that looking each up costs more than it saves.
    static func buckets(_ filter: CallFilter) -> [Int64]? {
        let first = filter.since.floored(to: Schema.bucketWidth).microsecondsSinceEpoch
        let until = min(filter.until, filter.newest.map { $0 + clockAheadMax } ?? filter.until)
        let end = until.microsecondsSinceEpoch
        let width = Schema.bucketWidth.nanoseconds / 1_000
        guard first < end, (end - first) / width < bucketsMax else { return nil }
        return Array(stride(from: first, to: end, by: Int(width)))
    }

    private mutating func add(_ id: String) {
        let place = CallStore.place(of: id, after: parameters.count)
        parameters += place.parameters
        text += " AND (\(place.text))"
    }

    private mutating func addOutcomes(_ isWanted: (Outcome) -> Bool) {
        parameters.append(.int2Array(Outcome.allCases.filter(isWanted).map { Int16($0.code) }))
        text += " AND c.outcome = ANY($\(parameters.count))"
    }
}
