import Alerting
import Incidents
import Notifiers
import PartnerCatalog
import QueryAPI

/// How the decider decides.
struct DecidingSettings: Sendable {
    var incidents: IncidentCore.Configuration
    var alerting: AlertingCore.Configuration
    /// Whether there is anybody to tell.
    var hasChannels: Bool
    /// What people call a partner, by its id.
    var partnerName: @Sendable (String) -> String
    var partnerFacts: @Sendable (String) -> PartnerFacts

    init(_ settings: AggregatorSettings, _ names: PartnerNames, _ links: AcknowledgeLinks) {
        incidents = settings.incidents
        alerting = settings.alerting
        hasChannels = !settings.notifiers.isEmpty
        alerting.links = { (links.incidentURL($0), links.acknowledgeURL($0)) }
        if alerting.fallback == AlertingCore.Configuration().fallback, hasChannels {
            alerting.fallback = settings.notifiers.map { Step($0.name) }
        }
        alerting.acknowledgedChannels.formUnion(settings.notifiers.filter(\.tracksAcknowledgement).map(\.name))
        partnerFacts = { names.facts(of: $0) }
        partnerName = { names[$0] ?? Catalogue.builtIn.name(of: $0) }
    }
}

extension NotifierChannel {
    /// Whether those behind it see an incident as one thing whose state changes.
    fileprivate var tracksAcknowledgement: Bool {
        switch kind {
        case .pagerDuty, .slack: true
        case .webhook, .alertmanager, .email, .command: false
        }
    }
}
