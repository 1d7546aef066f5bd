import BatchFormat
import CallModel
import Postgres
import Rollups

/// Which calls to look for. Everything that is set must hold.
public struct CallFilter: Sendable, Equatable {
    /// Call times, from inclusive to exclusive.
    public var since: Instant
    public var until: Instant
    public var partner: String?
    public var route: String?
    public var service: String?
    public var serviceVersion: String?
    public var host: String?
    public var region: String?
    public var environment: String?
    public var customer: String?
    public var direction: Direction?
    /// `Outcome.name`.
    public var outcome: String?
    /// Only those that count as failures, or only those that do not.
    public var failed: Bool?
    /// Only those that ended as a success, or only those that did not: a call that was rejected is no failure of the partner,
    /// and yet one to be explained.
    public var succeeded: Bool?
    public var failure: FailureKind?
    public var status: ClosedRange<Int>?
    /// Only calls that took at least so long; one whose time is not known is none of them.
    public var slowerThan: Duration?
    public var source: CallSource?
    public var traceID: TraceID?
    /// The id of one call, supplied or assigned.
    public var id: String?
    /// What the payload must hold: looked at call by call, after everything else.
    public var payload = PayloadFilter()
    /// Where the search begins to look back from, when `until` lies in the future: the newest calls are found first.
    public var newest: Instant?
    /// Pages go from the newest call back.
    public var cursor: CallCursor?
    public var limit = 100

    public static let limitMax = 1_000

    public init(since: Instant, until: Instant) {
        self.since = since
        self.until = until
    }

    /// Whether a success matches never.
    var isTrouble: Bool {
        failed == true || succeeded == false || failure != nil || outcome != nil && outcome != Outcome.success.name
    }

    /// Whether it asks for few calls by what only they have.
    var isByKey: Bool { id != nil || traceID != nil }

    /// Whether an index leads from five minutes to the calls (`Schema.fifthStep`).
    var isIndexedByBucket: Bool { route != nil || isTrouble }
}

/// Where a page ended: the last call's place in the order of all calls.
public struct CallCursor: Sendable, Equatable {
    public var timeMicroseconds: Int64
    public var block: Int64
    public var row: Int16

    public init(timeMicroseconds: Int64, block: Int64, row: Int16) {
        self.timeMicroseconds = timeMicroseconds
        self.block = block
        self.row = row
    }
}

/// A call with the id under which it is found again.
public struct StoredCall: Sendable {
    public var id: String
    public var call: APICall
    public var cursor: CallCursor

    public init(id: String, call: APICall, cursor: CallCursor) {
        self.id = id
        self.call = call
        self.cursor = cursor
    }
}

/// Reads stored calls: the narrow row, joined with its payload.
public struct CallStore: Sendable {
    let names: Names

    public init(names: Names) { self.names = names }

    /// Calls that match, newest first.
    ///
    /// - Parameter payloads: with URL, headers and bodies; else only what the narrow row tells.
    public func search(
        _ filter: CallFilter, payloads: Bool, _ connection: PostgresConnection
    ) throws -> [StoredCall] {
        try finish(rows(filter, connection), payloads: payloads, connection)
    }

    /// The one call with this id, supplied or assigned; nil when there is none (any more).
    public func call(id: String, _ connection: PostgresConnection) throws -> StoredCall? {
        let place = Self.place(of: id, after: 0)
        let rows = try withoutSequentialScans(connection) {
            try connection.query(
                "SELECT \(CallRow.columns) FROM farwatch.call_rows c WHERE \(place.text) LIMIT 1", place.parameters)
        }
        return try finish(rows.map { try CallRow($0) }, payloads: true, connection).first
    }

    /// Where a call with this id lies, as a condition whose parameters come after `count` others.
    static func place(of id: String, after count: Int) -> (text: String, parameters: [PostgresValue]) {
        func p(_ number: Int) -> String { "$\(count + number)" }
        if let assigned = AssignedID(id) {
            let minute = assigned.minute * 60_000_000
            return (
                "c.received_at >= \(p(1)) AND c.received_at < \(p(2)) AND c.shard = \(p(3)) AND c.block = \(p(4)) "
                    + "AND c.row = \(p(5))",
                [
                    .timestamptz(minute), .timestamptz(minute + 60_000_000), .int2(assigned.shard),
                    .int8(assigned.block), .int2(assigned.row),
                ]
            )
        }
        // 32 digits, a hyphen, 16 digits: most likely a trace and a span, which are not kept a second time as text.
        let parts = id.split(separator: "-")
        if parts.count == 2, let trace = TraceID(hex: String(parts[0])), let span = SpanID(hex: String(parts[1])) {
            return (
                "(c.trace_id = \(p(1)) AND c.span_id = \(p(2)) AND c.flags & 16 <> 0) OR c.supplied_id = \(p(3))",
                [.uuid(PostgresUUID(high: trace.high, low: trace.low)), .int8(Int64(bitPattern: span.bits)), .text(id)]
            )
        }
        return ("c.supplied_id = \(p(1))", [.text(id)])
    }

    func finish(
        _ rows: [CallRow], payloads wanted: Bool, _ connection: PostgresConnection
    ) throws -> [StoredCall] {
        if rows.contains(where: { !names.knows($0) }) { try names.load(connection) }
        let blocks = try wanted ? payloadBlocks(of: rows, connection) : [:]
        return rows.map { $0.stored(names, payload: blocks[$0.block]?[Int($0.row)]) }
    }

    /// Opens each block once, for the calls that are wanted of it. One that is gone (retention of bodies) or damaged costs the
    /// payload of its calls, not the calls.
    private func payloadBlocks(
        of rows: [CallRow], _ connection: PostgresConnection
    ) throws -> [Int64: [Int: CallPayload]] {
        var wanted: [Int64: Set<Int>] = [:]
        var distinct: [CallRow] = []
        for row in rows {
            if wanted[row.block] == nil { distinct.append(row) }
            wanted[row.block, default: []].insert(Int(row.row))
        }
        guard !distinct.isEmpty else { return [:] }
        let found = try connection.query(
            """
            SELECT b.block, b.call_count, b.bytes FROM farwatch.payload_blocks b
            JOIN unnest($1::int2[], $2::timestamptz[], $3::int8[]) AS t(shard, received_at, block)
            ON b.shard = t.shard AND b.received_at = t.received_at AND b.block = t.block
            WHERE b.received_at = ANY($2::timestamptz[])
            """,
            [
                .int2Array(distinct.map(\.shard)), .timestamptzArray(distinct.map(\.receivedAt)),
                .int8Array(distinct.map(\.block)),
            ])
        var blocks: [Int64: [Int: CallPayload]] = [:]
        for row in found {
            let (block, callCount) = (try row.int8(0), Int(try row.int2(1)))
            // A damaged block costs its calls' headers and bodies; the calls themselves are shown.
            blocks[block] = try? BatchReader.payloads(
                ofBlock: try row.bytea(2), callCount: callCount, rows: wanted[block] ?? [])
        }
        return blocks
    }
}

/// An id made by the aggregator: it says where the call lies, so that no index on ids is needed.
struct AssignedID {
    var minute: Int64
    var shard: Int16
    var block: Int64
    var row: Int16

    init(_ row: CallRow) {
        minute = Instant(microsecondsSinceEpoch: row.receivedAt).secondsSinceEpoch / 60
        (shard, block, self.row) = (row.shard, row.block, row.row)
    }

    /// `c`, then 8 hex digits of the minute, 2 of the shard, 16 of the block and 3 of the row.
    init?(_ text: String) {
        let digits = text.utf8
        guard digits.count == 30, digits.first == UInt8(ascii: "c") else { return nil }
        func number(_ from: Int, _ count: Int) -> UInt64? { parseHex(digits.dropFirst(from).prefix(count)) }
        guard let minute = number(1, 8), let shard = number(9, 2), let block = number(11, 16), let row = number(27, 3)
        else { return nil }
        (self.minute, self.shard, self.block, self.row) =
            (Int64(minute), Int16(shard), Int64(bitPattern: block), Int16(row))
    }

    var text: String {
        "c" + hexText(UInt64(minute)).suffix(8) + hexText(UInt64(shard)).suffix(2) + hexText(UInt64(bitPattern: block))
            + hexText(UInt64(row)).suffix(3)
    }
}
