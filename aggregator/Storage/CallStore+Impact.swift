import CallModel
import Impact
import Postgres
import Rollups

/// What impact is worked out from: calls of both directions, in windows of time.
public struct ImpactQuestion: Sendable, Equatable {
    public var since: Instant
    public var until: Instant
    /// Only calls to this partner; all inbound calls are read all the same.
    public var partner: String?
    /// Inbound calls of these alone.
    public var route: String?
    public var customer: String?
    /// Windows, spread evenly over the time where it is longer than they are.
    public var windowCount = 8
    /// Calls of one window; where there are more, those of some of the hosts are read, whole.
    public var callsMax = 15_000

    public init(since: Instant, until: Instant) {
        self.since = since
        self.until = until
    }
}

extension CallStore {
    private static let windowTime: Duration = .seconds(120)
    /// Calls go out after the request that causes them came in, and are looked for so long.
    private static let tailTime: Duration = .seconds(60)

    /// Of some hosts everything rather than of all hosts something: a request and the calls inside it lie on one host.
    public func impactWindows(
        _ question: ImpactQuestion, _ connection: PostgresConnection
    ) throws -> [ImpactWindow] {
        guard question.since < question.until, let ids = try ids(of: question, connection) else { return [] }
        return try Self.starts(of: question).compactMap { start, end in
            try window(from: start, to: end, ids, callsMax: question.callsMax, connection)
        }
    }

    static func starts(of question: ImpactQuestion) -> [(Instant, Instant)] {
        let (length, count) = (question.until - question.since, max(1, question.windowCount))
        let whole = windowTime * count
        guard length > whole else {
            let step = Duration.nanoseconds(max(1, length.nanoseconds / Int64(count)))
            return (0..<count).map { index in
                let start = question.since + step * index
                return (start, index == count - 1 ? question.until : start + step)
            }
        }
        let step = Duration.nanoseconds((length - windowTime).nanoseconds / Int64(max(1, count - 1)))
        return (0..<count).map { index in
            let end = index == count - 1 ? question.until : question.since + step * index + windowTime
            return (end - windowTime, end)
        }
    }

    private struct QuestionIDs {
        var partner: NameID?
        var route: NameID?
        var customer: NameID?
    }

    /// Nil when a name was asked for that no call ever had.
    private func ids(of question: ImpactQuestion, _ connection: PostgresConnection) throws -> QuestionIDs? {
        var ids = QuestionIDs()
        let named: [(String?, NameKind, WritableKeyPath<QuestionIDs, NameID?>)] = [
            (question.partner, .partner, \.partner), (question.route, .route, \.route),
            (question.customer, .customer, \.customer),
        ]
        for (name, kind, path) in named {
            guard let name else { continue }
            if names.id(of: name, kind) == nil { try names.load(connection) }
            guard let id = names.id(of: name, kind) else { return nil }
            ids[keyPath: path] = id
        }
        return ids
    }

    private func window(
        from start: Instant, to end: Instant, _ ids: QuestionIDs, callsMax: Int, _ connection: PostgresConnection
    ) throws -> ImpactWindow? {
        var parameters: [PostgresValue] = [
            .timestamptz(start.microsecondsSinceEpoch), .timestamptz((end + Self.tailTime).microsecondsSinceEpoch),
            .timestamptz((start - CallCondition.clockAheadMax).microsecondsSinceEpoch),
        ]
        func parameter(_ id: NameID) -> String {
            parameters.append(.int4(id))
            return "$\(parameters.count)"
        }
        var inbound = "c.flags & 1 = 1"
        if let route = ids.route { inbound += " AND c.route = \(parameter(route))" }
        if let customer = ids.customer { inbound += " AND c.customer = \(parameter(customer))" }
        var outbound = "c.flags & 1 = 0"
        if let partner = ids.partner { outbound += " AND c.partner = \(parameter(partner))" }
        let condition =
            "c.time >= $1 AND c.time < $2 AND c.received_at >= $3 AND ((\(inbound)) OR (\(outbound)))"
        let counts = try connection.query(
            "SELECT c.origin, count(*) FROM farwatch.call_rows c WHERE \(condition) GROUP BY 1", parameters
        ).map { (origin: try $0.int4(0), count: Int(try $0.int8(1))) }
        guard !counts.isEmpty else { return nil }
        if counts.contains(where: { $0.origin != 0 && names.origin(of: $0.origin) == nil }) {
            try names.load(connection)
        }
        let (origins, isWhole) = hosts(counts, callsMax: callsMax)
        let rows = try connection.query(
            """
            SELECT c.time, c.duration_us, c.trace_id, c.partner, c.route, c.customer, c.weight, c.flags, c.outcome, c.origin
            FROM farwatch.call_rows c WHERE \(condition) AND c.origin = ANY($\(parameters.count + 1))
            ORDER BY c.time LIMIT \(2 * callsMax)
            """, parameters + [.int4Array(origins)])
        let calls = try rows.map { try Self.call($0, names) }
        return ImpactWindow(
            calls: calls, countsUntil: end.microsecondsSinceEpoch, isWhole: isWhole && calls.count < 2 * callsMax)
    }

    /// As many whole hosts as fit, the same ones for the same counts; the first always.
    private func hosts(_ counts: [(origin: Int32, count: Int)], callsMax: Int) -> ([Int32], isWhole: Bool) {
        var byHost: [NameID: (origins: [Int32], count: Int)] = [:]
        for (origin, count) in counts {
            let host = names.origin(of: origin)?.host ?? 0
            byHost[host, default: ([], 0)].origins.append(origin)
            byHost[host]!.count += count
        }
        var (origins, count) = ([Int32](), 0)
        // In an order that has nothing to do with what the hosts do: Fibonacci hashing of their ids.
        let order = byHost.sorted {
            UInt32(bitPattern: $0.key) &* 2_654_435_769 < UInt32(bitPattern: $1.key) &* 2_654_435_769
        }
        for (_, host) in order where origins.isEmpty || count + host.count <= callsMax {
            origins += host.origins
            count += host.count
        }
        return (origins, origins.count == counts.count)
    }

    private static func call(_ row: PostgresRow, _ names: Names) throws -> ImpactCall {
        let start = try row.timestamptz(0)
        let origin = names.origin(of: try row.int4(9))
        return ImpactCall(
            isInbound: CallFlags(rawValue: try row.int2(7)).direction == .inbound, start: start,
            end: start &+ (try row.int8OrNull(1) ?? 0), host: origin?.host ?? 0, service: origin?.service ?? 0,
            partner: try row.int4(3), route: try row.int4(4), customer: try row.int4(5),
            outcome: Outcome(code: UInt8(clamping: try row.int2(8))) ?? .noAnswer(.other),
            traceID: try row.uuidOrNull(2).flatMap { TraceID(high: $0.high, low: $0.low) },
            weight: Int64(try row.int4(6)))
    }

    /// The name of an id that was read a moment ago.
    public func name(of id: Int32, _ kind: NameKind, _ connection: PostgresConnection) throws -> String? {
        if id != 0, names.name(of: id, kind) == nil { try names.load(connection) }
        return names.name(of: id, kind)
    }
}
