import CallModel
import Logging
import Postgres
import QueryAPI
import Storage
import Synchronization

/// Keeps every partner's history in memory, read anew each minute: what is asked for often costs no query, and is there when
/// the database is away.
final class HistoryKeeper: Sendable {
    private let database: DatabaseAccess
    private let latest = Mutex<HistorySnapshot?>(nil)

    init(_ database: DatabaseAccess) { self.database = database }

    var snapshot: HistorySnapshot? { latest.withLock { $0 } }

    func refresh() async throws {
        let now = currentInstant()
        let names = database.storage.names
        let snapshot = try await database.queries.run { connection in
            try connection.withStatementTimeout(.seconds(60)) {
                let records = try HistoryStore.read(names, at: now, connection)
                let since = now - .seconds(90 * 86_400)
                let outages = try StateStore.outages(since: since, connection)
                let detections = try IncidentStore.detections(since: since, connection)
                return Self.snapshot(records, outages, detections, names, at: now)
            }
        }
        latest.withLock { $0 = snapshot }
    }

    private static func snapshot(
        _ records: [String: HistoryRecord], _ outages: [OutageRecord], _ detections: [IncidentDetection],
        _ names: Names, at now: Instant
    ) -> HistorySnapshot {
        var byPartner: [String: [PartnerHistory.Outage]] = [:]
        for outage in outages {
            guard let partner = names.name(of: outage.partner, .partner) else { continue }
            byPartner[partner, default: []].append(
                PartnerHistory.Outage(startedAt: outage.startedAt, endedAt: outage.endedAt, worst: outage.worst))
        }
        let detectionsByPartner = Dictionary(grouping: detections, by: \.partner)
        let partners = Set(records.keys).union(byPartner.keys)
        return HistorySnapshot(
            asOf: now,
            partners: Dictionary(
                uniqueKeysWithValues: partners.map { partner in
                    (
                        partner,
                        PartnerHistory(
                            records[partner] ?? HistoryRecord(), outages: byPartner[partner] ?? [],
                            detections: (detectionsByPartner[partner] ?? []).map {
                                PartnerHistory.Detection(startedAt: $0.startedAt, openedAt: $0.openedAt)
                            }, at: now)
                    )
                }))
    }
}
