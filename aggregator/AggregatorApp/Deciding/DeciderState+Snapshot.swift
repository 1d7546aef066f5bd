import Alerting
import CallModel
import Detection
import Incidents
import Postgres
import QueryAPI
import Rollups
import Storage

/// The status documents' content, with names in place of numbers.
extension DeciderState {
    func snapshot(_ fleet: AgentRegistry.Hearing, at now: Instant, _ connection: PostgresConnection) throws
        -> StatusSnapshot
    {
        let names = storage.names
        if board.verdicts.keys.contains(where: { names.name(of: $0, .partner) == nil }) { try names.load(connection) }
        let pages = alerting.pages
        let partners = board.verdicts.map { id, verdict in partner(id, verdict, pages) }
        let outages = try StateStore.outages(since: now - .seconds(90 * 86_400), connection).map(outage)
        return StatusSnapshot(
            asOf: now, hostsReporting: fleet.reporting, hostsSilent: fleet.silentHosts.count,
            partners: partners.sorted { $0.id < $1.id }, outages: outages, troubledHosts: troubledHosts(),
            coverage: fleet.coverage)
    }

    private func partner(
        _ id: NameID, _ verdict: PartnerVerdict, _ pages: [String: PartnerPage]
    ) -> StatusSnapshot.Partner {
        let partner = name(id, .partner)
        func shares(_ share: FleetFigures.Share, _ dimension: Dimension) -> [StatusSnapshot.Share] {
            figures.shares(share, of: id).map {
                StatusSnapshot.Share(name: name($0.name, dimension), calls: $0.calls, failures: $0.failures)
            }
        }
        let regions = verdict.regions.filter { $0.region != 0 }.map {
            StatusSnapshot.Region(
                name: name($0.region, .region), status: $0.status, calls: $0.calls, failures: $0.failures)
        }
        return StatusSnapshot.Partner(
            id: partner, name: settings.partnerName(partner), verdict: verdict, routes: shares(.routes, .route),
            hosts: shares(.hosts, .host), customers: shares(.customers, .customer), regions: regions,
            says: pages[partner]?.words, facts: settings.partnerFacts(partner))
    }

    private func outage(_ outage: OutageRecord) -> StatusSnapshot.Outage {
        let partner = name(outage.partner, .partner)
        return StatusSnapshot.Outage(
            partner: partner, partnerName: settings.partnerName(partner), startedAt: outage.startedAt,
            endedAt: outage.endedAt, status: outage.status, worst: outage.worst, reason: outage.reason,
            callsFailed: outage.callsFailed)
    }

    /// Hosts whose own network fails, whatever partner they call.
    private func troubledHosts() -> [StatusSnapshot.TroubledHost] {
        core.open.filter { core.hostsSetAside.contains($0.scope.host) && $0.scope.partner == 0 }.map { incident in
            StatusSnapshot.TroubledHost(
                host: name(incident.scope.host, .host), since: incident.startedAt,
                calls: Int64(incident.extent.calls), callsFailed: Int64(incident.extent.failures),
                partnersAffected: incident.extent.partners.count)
        }.sorted { $0.host < $1.host }
    }
}
