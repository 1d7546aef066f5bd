import BatchFormat
import CallModel
import Postgres
import Rollups

/// One row of `call_rows`, ids not yet names.
struct CallRow {
    static let columns = """
        c.received_at, c.time, c.block, c.duration_us, c.trace_id, c.span_id, c.partner, c.route, c.origin, c.customer,
        c.weight, c.shard, c.row, c.flags, c.outcome, c.status, c.supplied_id
        """

    var receivedAt: Int64
    var time: Int64
    var block: Int64
    var durationUs: Int64?
    var traceID: TraceID?
    var spanID: SpanID?
    var partner: NameID
    var route: NameID
    var origin: Int32
    var customer: NameID
    var weight: Int32
    var shard: Int16
    var row: Int16
    var flags: CallFlags
    var outcome: Int16
    var status: Int16?
    var suppliedID: String?
}

extension CallRow {
    init(_ row: PostgresRow) throws {
        receivedAt = try row.timestamptz(0)
        time = try row.timestamptz(1)
        block = try row.int8(2)
        durationUs = try row.int8OrNull(3)
        traceID = try row.uuidOrNull(4).flatMap { TraceID(high: $0.high, low: $0.low) }
        spanID = try row.int8OrNull(5).flatMap { SpanID(bits: UInt64(bitPattern: $0)) }
        partner = try row.int4(6)
        route = try row.int4(7)
        origin = try row.int4(8)
        customer = try row.int4(9)
        weight = try row.int4(10)
        shard = try row.int2(11)
        self.row = try row.int2(12)
        flags = CallFlags(rawValue: try row.int2(13))
        outcome = try row.int2(14)
        status = try row.int2OrNull(15)
        suppliedID = try row.textOrNull(16)
    }

    func stored(_ names: Names, payload: CallPayload?) -> StoredCall {
        var call = APICall(
            time: Instant(microsecondsSinceEpoch: time), direction: flags.direction,
            request: .init(method: "", url: ""), source: flags.source)
        call.id = suppliedID
        if call.id == nil, flags.hasDerivedID, let traceID, let spanID { call.id = traceID.hex + "-" + spanID.hex }
        call.receivedAt = Instant(microsecondsSinceEpoch: receivedAt)
        call.partner = names.name(of: partner, .partner)
        call.route = names.name(of: route, .route)
        call.customer = names.name(of: customer, .customer)
        if let origin = names.origin(of: origin) {
            call.service = names.name(of: origin.service, .service)
            call.serviceVersion = names.name(of: origin.serviceVersion, .serviceVersion)
            call.host = names.name(of: origin.host, .host)
            call.region = names.name(of: origin.region, .region)
            call.environment = names.name(of: origin.environment, .environment)
        }
        call.outcome = Outcome(code: UInt8(clamping: outcome)) ?? .noAnswer(.other)
        call.error = flags.error
        call.duration = durationUs.map { .nanoseconds($0.multipliedReportingOverflow(by: 1_000).partialValue) }
        call.traceID = traceID
        call.spanID = spanID
        call.weight = UInt32(clamping: weight)
        call.attach(payload, status: flags.hasResponse ? status.map(Int.init) : nil)
        return StoredCall(
            id: call.id ?? AssignedID(self).text, call: call,
            cursor: CallCursor(self))
    }
}

extension CallCursor {
    init(_ row: CallRow) { self.init(timeMicroseconds: row.time, block: row.block, row: row.row) }
}

extension Names {
    /// Whether every id of the row has its name in memory.
    func knows(_ row: CallRow) -> Bool {
        (row.partner == 0 || name(of: row.partner, .partner) != nil)
            && (row.route == 0 || name(of: row.route, .route) != nil)
            && (row.customer == 0 || name(of: row.customer, .customer) != nil)
            && (row.origin == 0 || origin(of: row.origin) != nil)
    }
}
