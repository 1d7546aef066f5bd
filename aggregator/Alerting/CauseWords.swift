import Incidents

/// What a cause is called, whose fault it is, and what to do about it.
struct CauseWords {
    let report: IncidentReport
    /// Characters of a name.
    let nameMax: Int

    private var partners: String { listed(report.partnerNames, max: 2, nameMax: nameMax) }
    private var partner: String { report.partnerNames.isEmpty ? "a partner" : partners }
    private func condition(_ dimension: String) -> String? {
        report.value(of: dimension).map { shown($0, max: nameMax) }
    }
    private var host: String { condition("host") ?? "one of our hosts" }
    private var customer: String { condition("customer") ?? "one customer" }
    private var release: String { condition("service_version") ?? "a new one" }
    private var verb: String {
        switch report.troubles.first {
        case "were slow": report.partnerNames.count > 1 ? "are slow" : "is slow"
        case "carried an error inside a success": report.partnerNames.count > 1 ? "answer errors" : "answers errors"
        default: report.partnerNames.count > 1 ? "fail" : "fails"
        }
    }
    /// Where within the partner.
    private var place: String {
        let conditions = ["route", "region", "customer"].compactMap(condition)
        return conditions.isEmpty ? "" : " (\(conditions.joined(separator: ", ")))"
    }

    var title: String {
        switch report.kind {
        case .partner: "\(partner) \(verb)\(place)"
        case .sharedUpstream:
            "\(partner) \(verb) together: shared network\(condition("peer_network").map { " " + $0 } ?? "")"
        case .host: "Our host \(host) fails to reach \(report.partnerNames.isEmpty ? "partners" : partners)"
        case .network: "Our network fails to reach partners\(place)"
        case .deploy: "Our release \(release) makes calls to \(partner) fail\(place)"
        case .customer: "Calls to \(partner) fail for customer \(customer)"
        case .credentials: "\(partner) refuses our credentials\(place)"
        case .rateLimit: "\(partner) limits our rate\(place)"
        case .request: "\(partner) refuses our requests\(place)"
        case .webhookSilence: "No webhooks from \(partner)\(place)"
        case .webhookAtRisk: "We fail webhooks of \(partner)\(place)"
        case .trafficStopped: "We no longer call \(partner)\(place)"
        case .unknown: "Calls to \(partner) fail, the cause is unknown\(place)"
        }
    }

    /// Whose fault.
    var fault: String {
        switch report.kind {
        case .partner: "\(partner)'s fault\(place)"
        case .sharedUpstream: "The path between: a network that \(partner) share"
        case .host: "Our fault: host \(host)"
        case .network: "The path between, on our side: our network\(place)"
        case .deploy: "Our fault: release \(release)"
        case .customer: "Ours to mend: calls to \(partner) for customer \(customer) alone"
        case .credentials: "Ours to mend: \(partner) refuses our credentials\(place)"
        case .rateLimit: "Ours to mend: we call \(partner) too often\(place)"
        case .request: "Ours to mend: \(partner) refuses what we send\(place)"
        case .webhookSilence: "\(partner)'s fault: no webhooks come\(place)"
        case .webhookAtRisk: "Our fault: we fail webhooks of \(partner)\(place)"
        case .trafficStopped: "Ours: we stopped calling \(partner)\(place)"
        case .unknown: "Whose fault is unknown: calls to \(partner) fail\(place)"
        }
    }

    /// Whose fault, in fewer words: one name, and no place within the partner.
    var briefFault: String {
        let partner = listed(
            report.partnerNames.isEmpty ? ["a partner"] : report.partnerNames, max: 1, nameMax: nameMax)
        return switch report.kind {
        case .partner: "\(partner)'s fault"
        case .sharedUpstream: "The path between: network of \(partner)"
        case .host: "Our fault: host \(host)"
        case .network: "The path between, on our side"
        case .deploy: "Our fault: release \(release)"
        case .customer: "Ours: calls to \(partner) for \(customer)"
        case .credentials: "Ours: \(partner) refuses credentials"
        case .rateLimit: "Ours: \(partner) limits our rate"
        case .request: "Ours: \(partner) refuses requests"
        case .webhookSilence: "\(partner)'s fault: no webhooks"
        case .webhookAtRisk: "Our fault: we fail webhooks of \(partner)"
        case .trafficStopped: "Ours: we stopped calling \(partner)"
        case .unknown: "Whose fault is unknown: \(partner)"
        }
    }

    /// What to do now, in fewer words.
    var briefStep: String {
        switch report.kind {
        case .partner: "send the evidence"
        case .sharedUpstream: "tell the partners"
        case .host: "take it out"
        case .network: "check egress, DNS"
        case .deploy: "roll it back"
        case .customer: "check its settings"
        case .credentials: "renew them"
        case .rateLimit: "slow down"
        case .request: "compare requests"
        case .webhookSilence: "ask them"
        case .webhookAtRisk: "mend our endpoint"
        case .trafficStopped: "check our jobs"
        case .unknown: "see the evidence"
        }
    }

    /// What to do now.
    var nextStep: String {
        switch report.kind {
        case .partner: "send \(report.partnerNames.count > 1 ? "them" : "it") the evidence"
        case .sharedUpstream: "nothing to mend here; tell the partners, watch their network"
        case .host: "take it out of rotation, then look at its network and DNS"
        case .network: "check our egress, DNS and firewall"
        case .deploy: "roll it back"
        case .customer: "check that customer's settings and data"
        case .credentials: "check and renew the credentials"
        case .rateLimit: "slow down, or ask for a higher limit"
        case .request: "compare a refused request with one that passed"
        case .webhookSilence: "check our registration there, then ask them"
        case .webhookAtRisk: "mend our endpoint before they switch it off"
        case .trafficStopped: "check the jobs and hosts of ours that call it"
        case .unknown: "look at the evidence"
        }
    }
}

extension CauseKind {
    /// The cause as part of a sentence.
    var words: String {
        switch self {
        case .partner: "the partner's fault"
        case .sharedUpstream: "a network that partners share"
        case .host: "one of our hosts"
        case .network: "our network"
        case .deploy: "a release of ours"
        case .customer: "one customer's calls"
        case .credentials: "our credentials"
        case .rateLimit: "our rate of calls"
        case .request: "what we send"
        case .webhookSilence: "webhooks that do not come"
        case .webhookAtRisk: "webhooks that we fail"
        case .trafficStopped: "calls that we do not make"
        case .unknown: "unknown"
        }
    }
}
