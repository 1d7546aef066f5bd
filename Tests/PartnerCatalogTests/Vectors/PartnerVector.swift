import CallModel
import Testing

@testable import PartnerCatalog

/// A message of a partner, or the hosts it is called at, with what it means: typed from the partner's own words (`hostVectors`,
/// `webhookVectors`, `limitVectors`, `answerVectors`) or from what is believed (`unconfirmedHosts`, `unconfirmedVectors`, `unconfirmedAnswers`).
struct PartnerVector: Sendable, CustomTestStringConvertible {
    enum Kind: String, Sendable {
        case host, webhook, limit, answer
    }

    var partner: String
    var kind: Kind
    var source: String
    /// What is called, where that is the kind.
    var hosts: [String] = []
    /// One webhook or answer each, as it is to be judged.
    var messages: [APICall] = []
    var expected: [String] = []

    var isRead: Bool { source != "general knowledge" }
    var testDescription: String { "\(partner) \(kind.rawValue): \(source)" }
    var headerNames: Set<String> {
        Set(messages.flatMap { ($0.response?.headers ?? []) + $0.request.headers }.map(\.name))
    }

    static let all: [PartnerVector] =
        (hostVectors + "\n" + unconfirmedHosts).split(separator: "\n").map { PartnerVector(hostLine: $0) }
        + [webhookVectors, limitVectors, answerVectors, unconfirmedVectors, unconfirmedAnswers].flatMap { text in
            text.split(separator: "\n", omittingEmptySubsequences: false).split(separator: "").flatMap { block in
                block.first!.prefix { $0 != " " }.split(separator: ",")
                    .map { PartnerVector(of: String($0), block: Array(block)) }
            }
        }

    private init(hostLine line: Substring) {
        let parts = line.split(separator: " | ")
        (partner, kind, source) = (String(parts[0]), .host, String(parts[1]))
        hosts = parts[2].split(separator: " ").map(String.init)
        expected = hosts.map { _ in partner }
    }

    private init(of partner: String, block: [Substring]) {
        let words = block[0].split(separator: " ", maxSplits: 2).map(String.init)
        (self.partner, source) = (partner, words[2])
        kind = Kind(rawValue: words[1])!
        var (status, headers, body) = (200, [Header](), String?.none)
        for line in block.dropFirst() {
            if line.hasPrefix("= ") {
                take(status, headers, body, String(line.dropFirst(2)))
            } else if line.hasPrefix("HTTP ") {
                status = Int(line.dropFirst(5))!
            } else if line.hasPrefix("{") || line.hasPrefix("[") {
                body = String(line)
            } else if line.first?.isNumber == true {
                for item in line.split(separator: ", ") {
                    let pair = item.split(separator: " ")
                    take(Int(pair[0])!, [], nil, String(pair[1]))
                }
            } else {
                let colon = line.firstIndex(of: ":")!
                headers.append(Header(line[..<colon].lowercased(), String(line[colon...].dropFirst(2))))
            }
        }
    }

    private mutating func take(_ status: Int, _ headers: [Header], _ body: String?, _ expected: String) {
        let hooked = call("POST", "https://us.example/hooks", headers: headers, direction: .inbound)
        let host = PartnerDefinition.builtIn.first { $0.id == partner }?.hosts.first
        let url = "https://" + (host.map { ($0.isWildcard ? "acme." : "") + $0.host } ?? "api.example") + "/v1/things"
        messages.append(kind == .webhook ? hooked : answered(status, body, headers: headers, url: url))
        self.expected.append(expected)
    }

    /// What the catalogue makes of it, in the words of `expected`.
    func reading(in catalogue: Catalogue) -> [String] {
        switch kind {
        case .host: hosts.map { catalogue.partner("https://\($0)/v1/things") }
        case .webhook: messages.map { webhook($0, in: catalogue) }
        case .limit: messages.map { limits($0, in: catalogue) }
        case .answer: messages.map { catalogue.outcome(of: $0, partner: partner).name }
        }
    }

    private func webhook(_ call: APICall, in catalogue: Catalogue) -> String {
        guard catalogue.resolve(call) == .partner(id: partner, route: "POST /hooks", isWebhook: true) else {
            return catalogue.names(call)
        }
        let details = catalogue.webhookDetails(of: call, partner: partner)
        return [
            details?.eventType?.replacing(" ", with: "_"), details?.deliveryID, details?.attempt.map { "\($0)" },
            details?.subscription,
        ].map { $0 ?? "-" }.joined(separator: " ")
    }

    private func limits(_ answer: APICall, in catalogue: Catalogue) -> String {
        (catalogue.rateLimit(of: answer, partner: partner)?.figures ?? []).map { figure in
            let told: [(String, String?)] = [
                ("policy", figure.policy), ("limit", figure.limit.map(String.init)),
                ("remaining", figure.remaining.map(String.init)), ("used", figure.used.map(String.init)),
                ("ratio", figure.limit == nil ? figure.usedRatio.map { "\($0)" } : nil),
                ("window", figure.window.map { "\($0.components.seconds)" }),
                ("reset", figure.resetAt.map { "\($0.nanosecondsSinceEpoch / 1_000_000_000)" }),
                ("reason", figure.reason),
            ]
            return told.compactMap { name, value in value.map { "\(name)=\($0)" } }.joined(separator: " ")
        }.joined(separator: " / ")
    }
}
