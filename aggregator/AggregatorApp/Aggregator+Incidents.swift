import Alerting
import CallModel
import Postgres
import QueryAPI
import Storage

/// Incidents, silences and owners as the query API reads and writes them.
extension QuerySources {
    private static let queryTimeMax: Duration = .seconds(10)

    mutating func addIncidents(
        _ database: DatabaseAccess, _ links: AcknowledgeLinks, _ decider: Decider, _ known: Later<ToldBySettings>
    ) {
        @Sendable func query<R: Sendable>(_ body: @escaping @Sendable (PostgresConnection) throws -> R) async throws
            -> R
        {
            try await database.queries.run { connection in
                try connection.withStatementTimeout(Self.queryTimeMax) { try body(connection) }
            }
        }
        incidents.list = { filter in try await query { try IncidentStore.details(filter, $0) } }
        incidents.read = { id in try await query { try IncidentStore.detail(id: id, $0) } }
        incidents.append = { incident, who, what, detail in
            try await query {
                try ActionStore.append(incident: incident, who: who, what: what, detail: detail, $0)
            }
        }
        incidents.action = { id in try await query { try ActionStore.read(id: id, $0) } }
        incidents.messages = { state, channel, before, limit in
            try await query {
                try OutboxStore.records(state: state, channel: channel, before: before, limit: limit, $0)
            }
        }
        incidents.message = { id in try await query { try OutboxStore.record(id: id, $0) } }
        incidents.retryMessage = { id in try await query { try OutboxStore.retry(id, $0) } }
        incidents.links = links
        incidents.decisions = { partner in decider.decisions.encoded(of: partner) }
        quiets.list = { kind, past, now in try await query { try QuietStore.list(kind, past: past, at: now, $0) } }
        quiets.read = { id, kind in try await query { try QuietStore.read(id: id, kind, $0) } }
        quiets.create = { record in try await query { try QuietStore.create(record, $0) } }
        quiets.change = { record, now in try await query { try QuietStore.change(record, at: now, $0) } }
        quiets.end = { id, kind, who, now in
            try await query { try QuietStore.end(id: id, kind, by: who, at: now, $0) }
        }
        owners.ofSettings = { known.value?.owners ?? [] }
        owners.channels = { known.value?.channels ?? [] }
        owners.list = { try await query { try OwnerStore.list($0) } }
        owners.put = { record in try await query { try OwnerStore.put(record, $0) } }
        owners.remove = { name in try await query { try OwnerStore.remove(name: name, $0) } }
    }
}

/// Whom the settings know: the API shows them, and checks names by them.
struct ToldBySettings: Sendable {
    var owners: [OwnerRecord]
    var channels: [String]

    init(_ settings: AggregatorSettings) {
        owners = settings.alerting.owners.map { owner in
            OwnerRecord(
                name: owner.name, document: String(decoding: owner.document(), as: UTF8.self), updatedAt: .epoch,
                updatedBy: "settings")
        }
        channels = settings.notifiers.map(\.name)
    }
}

extension AcknowledgeLinks {
    /// With the key of this database, made by whichever aggregator comes first.
    static func open(_ database: DatabaseAccess, publicURL: String?) async throws -> AcknowledgeLinks {
        var generator = SystemRandomNumberGenerator()
        let fresh = (0..<keyByteCount).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let key = try await database.writer.run { try StateStore.madeOnce("link-key", fresh, $0) }
        return AcknowledgeLinks(key: key, publicURL: publicURL)
    }
}
