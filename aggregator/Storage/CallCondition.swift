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

    /// Nil when a name was asked for that no call ever had.
    init?(_ filter: CallFilter, _ names: Names, _ connection: PostgresConnection) throws {
        parameters = [
            .timestamptz(filter.since.microsecondsSinceEpoch), .timestamptz(filter.until.microsecondsSinceEpoch),
            .timestamptz((filter.since - Self.clockAheadMax).microsecondsSinceEpoch),
        ]
        text = "c.time >= $1 AND c.time < $2 AND c.received_at >= $3"
        let byID: [(column: String, name: String?, kind: NameKind)] = [
            ("c.partner", filter.partner, .partner), ("c.route", filter.route, .route),
            ("c.customer", filter.customer, .customer), ("o.service", filter.service, .service),
            ("o.service_version", filter.serviceVersion, .serviceVersion), ("o.host", filter.host, .host),
            ("o.region", filter.region, .region), ("o.environment", filter.environment, .environment),
        ]
        for (column, name, kind) in byID {
            guard let name else { continue }
            if names.id(of: name, kind) == nil { try names.load(connection) }
            guard let id = names.id(of: name, kind) else { return nil }
            add("\(column) = ", .int4(id))
            if column.hasPrefix("o.") { joins = "JOIN farwatch.origins o ON o.id = c.origin" }
        }
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
