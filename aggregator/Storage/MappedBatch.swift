import BatchFormat
import CallModel
import Postgres
import Rollups

/// A batch in the ledger: who, which spool, which number.
public struct LedgerKey: Hashable, Comparable, Sendable {
    public var shard: Int16
    public var agent: NameID
    public var spool: PostgresUUID
    public var sequence: Int64

    public init(shard: Int16, agent: NameID, spool: PostgresUUID, sequence: Int64) {
        self.shard = shard
        self.agent = agent
        self.spool = spool
        self.sequence = sequence
    }

    /// As the ledger's answers have it.
    public var withoutShard: LedgerKey { LedgerKey(shard: 0, agent: agent, spool: spool, sequence: sequence) }

    public static func < (left: LedgerKey, right: LedgerKey) -> Bool {
        (left.shard, left.agent, left.spool.high, left.spool.low, left.sequence)
            < (right.shard, right.agent, right.spool.high, right.spool.low, right.sequence)
    }

    static func columns(_ keys: [LedgerKey]) -> [PostgresValue] {
        [
            .int2Array(keys.map(\.shard)), .int4Array(keys.map(\.agent)), .uuidArray(keys.map(\.spool)),
            .int8Array(keys.map(\.sequence)),
        ]
    }
}

/// A batch whose names have become ids.
struct MappedBatch {
    let batch: ReceivedBatch
    let key: LedgerKey
    let columns: MappedColumns

    init(_ batch: ReceivedBatch, agent: NameID, _ database: some FlushDatabase) throws {
        self.batch = batch
        key = LedgerKey(
            shard: Schema.shard(of: batch.identity.agentID), agent: agent,
            spool: PostgresUUID(high: batch.identity.spoolID.high, low: batch.identity.spoolID.low),
            sequence: Int64(clamping: batch.identity.sequence))
        columns = try MappedColumns(batch.metadata, database)
    }
}

/// Names as ids, one entry a call: one look-up a distinct name of the batch, then arrays.
struct MappedColumns {
    let partners: [NameID]
    let routes: [NameID]
    let customers: [NameID]
    let networks: [NameID]
    let origins: [Origin]
    let originIDs: [Int32]

    init(_ metadata: MetadataColumns, _ database: some FlushDatabase) throws {
        func column(_ name: MetadataColumns.Name, _ kind: NameKind) throws -> [NameID] {
            try Self.ids(metadata, name, kind, database)
        }
        partners = try column(.partner, .partner)
        routes = try column(.route, .route)
        customers = try column(.customer, .customer)
        networks = try column(.peerNetwork, .network)
        let services = try column(.service, .service)
        let versions = try column(.serviceVersion, .serviceVersion)
        let hosts = try column(.host, .host)
        let regions = try column(.region, .region)
        let environments = try column(.environment, .environment)
        var origins: [Origin] = []
        origins.reserveCapacity(metadata.callCount)
        for call in 0..<metadata.callCount {
            origins.append(
                Origin(
                    service: services[call], serviceVersion: versions[call], host: hosts[call], region: regions[call],
                    environment: environments[call]))
        }
        let ids = try database.ids(of: Set(origins))
        originIDs = origins.map { ids[$0] ?? 0 }
        self.origins = origins
    }

    /// The cell in which a call counts.
    ///
    /// - Parameter correction: by which the host's clock is off.
    @inline(__always)
    func cell(of call: Int, _ metadata: MetadataColumns, _ correction: Duration) -> CellKey {
        let origin = origins[call]
        let outcome = metadata.outcome[call]
        let duration = metadata.duration[call]
        return CellKey(
            interval: RollupInterval.index(of: Instant(microsecondsSinceEpoch: metadata.time[call]) + correction),
            partner: partners[call], route: routes[call], host: origin.host, region: origin.region,
            customer: customers[call], serviceVersion: origin.serviceVersion, network: networks[call],
            direction: metadata.direction(at: call), outcome: outcome,
            status: outcome == Outcome.rejected.code ? metadata.status[call] : 0,
            latency: duration < 0 ? CellKey.noLatency : LatencyBucket.index(ofMicroseconds: duration))
    }

    private static func ids(
        _ metadata: MetadataColumns, _ name: MetadataColumns.Name, _ kind: NameKind, _ database: some FlushDatabase
    ) throws -> [NameID] {
        let indices = metadata.indices(of: name)
        guard !indices.isEmpty else { return [NameID](repeating: 0, count: metadata.callCount) }
        // A place a string: a set of indices would hash one for every call.
        var isNamed = [Bool](repeating: false, count: metadata.strings.count + 1)
        for index in indices { isNamed[Int(index)] = true }
        let named = metadata.strings.indices.filter { isNamed[$0 + 1] }
        let ids = try database.ids(of: Set(named.map { metadata.strings[$0] }), kind)
        var table = [NameID](repeating: 0, count: metadata.strings.count + 1)
        for string in named { table[string + 1] = ids[metadata.strings[string]] ?? 0 }
        return indices.map { table[Int($0)] }
    }
}
