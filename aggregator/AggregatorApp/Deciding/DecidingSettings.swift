import Alerting
import Incidents

/// How the decider decides.
struct DecidingSettings: Sendable {
    var incidents: IncidentCore.Configuration
    var alerting: AlertingCore.Configuration
    /// What people call a partner, by its id.
    var partnerName: @Sendable (String) -> String
}
