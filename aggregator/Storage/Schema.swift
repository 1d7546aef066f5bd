import CallModel
import Postgres

/// The database's shape, as a list of numbered steps. A step is never edited once released; the next one changes what it made.
///
/// `expands` steps only add, so that an older program goes on working beside them. A `contracts` step removes what older ones
/// need and raises `readableFrom`: a program older than that refuses the database.
struct SchemaStep: Sendable {
    enum Kind: Sendable {
        case expands
        case contracts
    }

    let version: Int32
    let title: String
    let kind: Kind
    let script: String
}

enum Schema {
    static let steps: [SchemaStep] = [
        SchemaStep(
            version: 1, title: "calls, ledger, rollups, names, agents, tokens", kind: .expands, script: firstStep),
        SchemaStep(
            version: 2, title: "counts by hour, a partner's whole, numbered audit, evidence", kind: .expands,
            script: secondStep),
        SchemaStep(
            version: 3, title: "incidents, what people do about them, messages to be delivered", kind: .contracts,
            script: thirdStep),
        SchemaStep(
            version: 4, title: "impact and drift", kind: .expands,
            script: fourthStep),
        SchemaStep(
            version: 5, title: "calls found by route, customer, origin and trouble; drift told once", kind: .expands,
            script: fifthStep),
        SchemaStep(version: 6, title: "counts as arrays", kind: .contracts, script: sixthStep),
    ]

    /// Rows are distributed by this many shards of agents, fixed for good.
    static let shardCount = 64

    /// The shard of an agent: FNV-1a over its id, the same on every aggregator and in every release.
    static func shard(of agentID: String) -> Int16 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in agentID.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        return Int16(truncatingIfNeeded: (hash ^ hash >> 32) % UInt64(shardCount))
    }
}
