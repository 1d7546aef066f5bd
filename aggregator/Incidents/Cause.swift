import CallModel
import Detection

/// Whose trouble it is.
public enum CauseKind: String, Sendable, CaseIterable {
    case partner
    case sharedUpstream = "shared_upstream"
    case host
    case network
    case deploy
    case customer
    case credentials
    case rateLimit = "rate_limit"
    case request
    /// A partner stopped calling us.
    case webhookSilence = "webhook_silence"
    /// A partner is about to switch our endpoint off, because we fail.
    case webhookAtRisk = "webhook_at_risk"
    /// We stopped calling.
    case trafficStopped = "traffic_stopped"
    case unknown

    /// What a group of symptoms that share a scope means.
    init(_ scope: Scope, _ group: SymptomGroup) {
        if scope.serviceVersion != 0 {
            self = .deploy
        } else if scope.host != 0 {
            self = .host
        } else if scope.customer != 0 {
            self = group == .unauthorized ? .credentials : .customer
        } else if scope.network != 0 {
            self = .sharedUpstream
        } else if scope.partner == 0 {
            self = .network
        } else if scope.direction == .inbound {
            self = .webhookAtRisk
        } else {
            self = CauseKind(ofPartner: group)
        }
    }

    private init(ofPartner group: SymptomGroup) {
        switch group {
        case .unauthorized: self = .credentials
        case .rateLimited: self = .rateLimit
        case _ where group.isRejection: self = .request
        default: self = .partner
        }
    }

    /// Whether the other side, and not we, would have to mend it.
    public var isTheirs: Bool {
        switch self {
        case .partner, .sharedUpstream, .webhookSilence: true
        case .host, .network, .deploy, .customer, .credentials, .rateLimit, .request, .webhookAtRisk, .trafficStopped,
            .unknown:
            false
        }
    }
}
