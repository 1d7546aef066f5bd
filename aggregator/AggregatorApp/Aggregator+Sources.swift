import CallModel
import Postgres
import QueryAPI
import Storage

/// What the query API reads from the database, beside what `Aggregator` hands it.
extension QuerySources {
    private static let queryTimeMax: Duration = .seconds(30)
    /// How far back a trace is looked for.
    private static let traceTimeMax: Duration = .seconds(31 * 86_400)

    /// One statement of an explanation, of which there are some dozens, and their reading ends on its own after some seconds.
    private static let explanationStatementTimeMax: Duration = .seconds(10)

    mutating func add(_ database: DatabaseAccess, _ history: HistoryKeeper) {
        let storage = database.storage
        /// A query with a limit of its own: a reader's question must not hold a connection for ever.
        @Sendable func query<R: Sendable>(_ body: @escaping @Sendable (PostgresConnection) throws -> R) async throws
            -> R
        {
            try await database.queries.run { connection in
                try connection.withStatementTimeout(Self.queryTimeMax) { try body(connection) }
            }
        }
        workOut = { work in
            do {
                return try await database.explanations.run { connection in
                    try connection.withStatementTimeout(Self.explanationStatementTimeMax) {
                        return try work(CallSamples(storage.calls, connection))
                    }
                }
            } catch let error as PostgresError where error.isCancelled {
                throw QueryTookTooLong()
            }
        }
        self.history = { history.snapshot }
        callPage = { filter in try await query { try storage.calls.page(filter, $0) } }
        trace = { id in
            let since = currentInstant() - Self.traceTimeMax
            return try await query { try storage.calls.trace(id, since: since, $0) }
        }
        arrivals = { position in try await query { try storage.calls.arrivals(after: position, $0) } }
        arrivalsEnd = { now in try await query { try storage.calls.arrivalsEnd(at: now, $0) } }
        arrivalsInRange = { range in try await query { try storage.calls.arrivals(in: range, $0) } }
        arrivalCount = { range in try await query { try storage.calls.arrivalCount(in: range, $0) } }
        drifts = { filter in try await query { try DriftStore.list(filter, $0) } }
        volume = { filter in try await query { try storage.volume.read(filter, $0) } }
        auditEntries = { before, limit in try await query { try AuditStore.read(before: before, limit: limit, $0) } }
        storeEvidence = { record in try await query { try EvidenceStore.store(record, $0) } }
        evidenceList = { try await query { try EvidenceStore.list($0) } }
        evidence = { id in try await query { try EvidenceStore.read(id: id, $0) } }
        removeEvidence = { id in try await query { try EvidenceStore.remove(id: id, $0) } }
        shares.create = { record, hash in try await query { try ShareStore.create(record, keyHash: hash, $0) } }
        shares.list = { try await query { try ShareStore.list($0) } }
        shares.read = { id in try await query { try ShareStore.read(id: id, $0) } }
        shares.change = { id, recipient, expiresAt in
            try await query { try ShareStore.change(id: id, recipient: recipient, expiresAt: expiresAt, $0) }
        }
        shares.end = { id, who in try await query { try ShareStore.end(id: id, by: who, $0) } }
        shares.view = { hash, address in
            try await query { try ShareStore.view(keyHash: hash, from: address, $0) }
        }
    }
}

extension CallSamples {
    /// All of what explanations read, over one connection.
    init(_ calls: CallStore, _ connection: PostgresConnection) {
        self.init(
            call: { try calls.call(id: $0, connection) }, sample: { try calls.sample($0, $1, connection) })
        spread = { try calls.spread($0, callsMax: $1, connection) }
        open = { try calls.open($0, connection) }
        impactWindows = { try calls.impactWindows($0, connection) }
        name = { try calls.name(of: $0, $1, connection) }
    }
}
