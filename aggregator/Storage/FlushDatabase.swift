import Postgres
import Rollups

/// What a flush asks of the database, and all of it: everything that is decided about a batch is decided in `BatchWriter`, which
/// is therefore the same code over PostgreSQL (`PostgresFlushDatabase`) and over the simulation's database in memory.
///
/// Every call blocks. Outside `transaction` each stands for itself.
public protocol FlushDatabase {
    /// A number that no writer had before.
    func registerWriter(_ name: String, at microseconds: Int64) throws -> Int32
    /// Makes sure that rows received at this time have a place.
    func makePlace(forDay day: Int64) throws
    /// Ids for names, made where there are none.
    func ids(of names: Set<String>, _ kind: NameKind) throws -> [String: NameID]
    func ids(of origins: Set<Origin>) throws -> [Origin: Int32]

    /// All that `body` does is stored when this returns, and nothing of it when it throws, but for one case: the error says
    /// `isOutcomeUnknown`.
    func transaction<R>(_ body: () throws -> R) throws -> R
    /// Enters batches in the ledger; gives back those it did not know, `shard` zero. One whose sender has said that everything
    /// up to a later one was acknowledged is known, though its entry may be forgotten.
    func enter(_ keys: [LedgerKey], checksums: [[UInt8]], at microseconds: Int64) throws -> Set<LedgerKey>
    /// What is recorded of batches, by keys without their `shard`.
    func checksums(of keys: [LedgerKey]) throws -> [LedgerKey: [UInt8]]
    func copy(rows: borrowing CopyBuffer, blocks: borrowing CopyBuffer) throws
    func append(_ block: [UInt8], writer: Int32, flush: Int64, at microseconds: Int64) throws
}

/// How a flush may fail.
public protocol FlushFailure: Error {
    /// Whether the transaction took effect cannot be told: the connection went while it was being committed, or before.
    var isOutcomeUnknown: Bool { get }
    /// The database refused what it was given. The same again would fail again, a part of it need not.
    var isAboutContents: Bool { get }
}

/// Where a call of ours comes from, as ids of names; 0 is none.
public struct Origin: Hashable, Sendable {
    public var service: NameID = 0
    public var serviceVersion: NameID = 0
    public var host: NameID = 0
    public var region: NameID = 0
    public var environment: NameID = 0

    /// None known.
    public init() {}

    init(service: NameID, serviceVersion: NameID, host: NameID, region: NameID, environment: NameID) {
        self.service = service
        self.serviceVersion = serviceVersion
        self.host = host
        self.region = region
        self.environment = environment
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(_rawHashValue(seed: 0)) }

    /// Every call is looked up by it (`KeyHash`).
    public func _rawHashValue(seed: Int) -> Int {
        func joined(_ high: NameID, _ low: NameID) -> UInt64 {
            UInt64(UInt32(bitPattern: high)) << 32 | UInt64(UInt32(bitPattern: low))
        }
        return KeyHash.of(seed, joined(service, serviceVersion), joined(host, region), joined(environment, 0))
    }
}
