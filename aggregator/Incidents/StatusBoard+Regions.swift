import CallModel
import Detection
import Rollups

/// What is said of a partner as each of our regions sees it. A region is green where it was seen to be well, not where nothing is known.
extension StatusBoard {
    /// - Parameters:
    ///   - verdict: of the partner as a whole.
    ///   - told: open incidents that people know of.
    func regions(
        of partner: NameID, _ verdict: PartnerVerdict, _ figures: [FleetFigures.Region], _ told: [Incident]
    ) -> [PartnerVerdict.Region] {
        let theirs = told.filter { $0.kind.isTheirs && $0.concerns(partner) }
        return figures.map { region in
            let here = theirs.filter { $0.scope.region == 0 || $0.scope.region == region.name }
            return PartnerVerdict.Region(
                region: region.name, status: status(of: region, verdict, here), calls: region.calls,
                failures: region.failures)
        }
    }

    /// - Parameter here: incidents of theirs that may reach the region.
    private func status(of region: FleetFigures.Region, _ verdict: PartnerVerdict, _ here: [Incident]) -> PartnerStatus
    {
        if verdict.status == .underMaintenance { return .underMaintenance }
        // Of what stopped, nobody can say where it did.
        if here.contains(where: { $0.silence != nil }) { return .partialOutage }
        if let incident = here.first(where: { $0.reaches(region) }) { return status(of: region, in: incident) }
        let isSeen = region.callsOfQuarter >= configuration.callsMin
        // With no incident of theirs, the partner is unknown because our network hides it, or because it is called too seldom.
        return isSeen && (verdict.status != .unknown || !here.isEmpty) ? .operational : .unknown
    }

    private func status(of region: FleetFigures.Region, in incident: Incident) -> PartnerStatus {
        if incident.groups[0] == .slow || region.calls == 0 { return .degradedPerformance }
        let share = Double(region.failures) / Double(region.calls)
        if share >= configuration.majorShare { return .majorOutage }
        return share >= configuration.partialShare ? .partialOutage : .degradedPerformance
    }
}

extension Incident {
    /// Whether it is felt in a region: known of those it counted, and taken as given where no region is told or too many are.
    fileprivate func reaches(_ region: FleetFigures.Region) -> Bool {
        scope.region == region.name && region.name != 0 || extent.regions[region.name]?.isHit ?? (region.calls > 0)
    }
}
