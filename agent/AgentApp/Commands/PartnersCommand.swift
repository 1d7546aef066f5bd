import ArgumentParser
import PartnerCatalog
import Runtime

struct PartnersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "partners",
        abstract: "Shows the catalogue: which partners are known, by what, and what is confirmed.")

    @OptionGroup var options: SettingsOptions
    @Argument(help: "A partner's id: everything known of it.")
    var partner: String?

    func run() throws {
        let catalogue = try options.load().catalogue
        guard let partner else {
            let rows = catalogue.partners.map { partner in
                [
                    partner.id, partner.hosts.first.map { "\($0)" } ?? "–",
                    partner.webhookSignatures.first?.headers.joined(separator: " + ") ?? "–",
                    partner.confirmed ? "confirmed" : partner.confirmedParts.isEmpty ? "unconfirmed" : "in part",
                ]
            }
            for line in columns(["PARTNER", "HOST", "WEBHOOK HEADER", "FACTS"], rows) { print(line) }
            return
        }
        guard let definition = catalogue.definition(of: partner) else {
            printError("farwatch-agent: no partner \(partner) is known; `farwatch-agent partners` lists them")
            throw ExitCode.failure
        }
        for line in partnerLines(definition) { print(line) }
    }
}

/// Everything that is told of a partner, each part with whether it was confirmed.
func partnerLines(_ partner: PartnerDefinition) -> [String] {
    func part(_ name: String, _ kind: PartnerDefinition.ConfirmedParts, _ facts: [String]) -> [String] {
        guard !facts.isEmpty else { return ["\(name): none known"] }
        let mark = partner.confirmedParts.contains(kind) ? "confirmed \(partner.verified)" : "unconfirmed"
        return ["\(name) (\(mark)):"] + facts.map { "    \($0)" }
    }
    let headers = partner.webhookHeaders
    let told = [
        ("event", headers.eventType), ("delivery", headers.deliveryID), ("retries", headers.retry),
        ("subscription", headers.subscription),
    ].compactMap { name, header in header.map { "\(name) in \($0)" } }
    return ["\(partner.name.isEmpty ? partner.id : partner.name) (\(partner.id))"]
        + part("hosts", .hosts, partner.hosts.map { "\($0)" })
        + part(
            "webhooks", .webhooks,
            partner.webhookSignatures.map {
                $0.headers.joined(separator: " + ") + ($0.isShared ? ", shared by several" : "")
            }
                + told + partner.webhookPaths.map { "path \($0.text)" })
        + part(
            "rate-limit headers", .rateLimits,
            partner.rateLimitHeaders.map { "\($0.name): \($0.role.rawValue)" })
        + part("errors", .errors, (partner.errors?.rules ?? []).map(\.words) + ["else the status decides"])
        + part("routes", .routes, partner.routes.map(\.text))
        + (partner.unconfirmed.isEmpty ? [] : ["of these unconfirmed: \(partner.unconfirmed.joined(separator: ", "))"])
        + ["source: \(partner.source)"]
}

extension OutcomeRule {
    /// Such as `400-499, body error_type is RATE_LIMIT_EXCEEDED: rate_limited`.
    fileprivate var words: String {
        let condition: String =
            switch condition {
            case .status: ""
            case .header(let name, let test): ", header \(name) \(test.words)"
            case .body(let path, let test): ", body \(path.text) \(test.words)"
            }
        let range = statuses.count == 1 ? "\(statuses.lowerBound)" : "\(statuses.lowerBound)-\(statuses.upperBound)"
        return "\(range)\(condition): \(outcome.name)"
    }
}

extension ValueTest {
    fileprivate var words: String {
        switch self {
        case .isPresent: "is there"
        case .isFalse: "is false"
        case .isOneOf(let texts): "is " + texts.joined(separator: " or ")
        case .isNotOneOf(let texts): "is not " + texts.joined(separator: " or ")
        case .contains(let texts): "contains " + texts.joined(separator: " or ")
        }
    }
}
