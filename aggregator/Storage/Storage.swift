import CallModel
import Postgres

/// The aggregator's database: the only place with SQL. Functions take the connection whose thread they run on; names are
/// shared by all of them.
public struct Storage: Sendable {
    public let names: Names
    public let calls: CallStore
    public let agents: AgentStore
    public let volume: VolumeStore

    /// Migrates nothing; reads the names there are.
    public init(_ connection: PostgresConnection) throws {
        names = Names()
        calls = CallStore(names: names)
        agents = AgentStore(names: names)
        volume = VolumeStore(names: names)
        try names.load(connection)
    }
}
