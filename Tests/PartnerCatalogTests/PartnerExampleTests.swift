import CallModel
import PartnerCatalog
import Testing

@Suite struct PartnerExampleTests {
    @Test func `a real URL of each partner has the expected names`() {
        var partners: Set<String> = []
        for line in partnerExamples.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            #expect(words.count == 4, "\(line)")
            let (partner, method, url, route) = (words[0], words[1], words[2], words[3])
            #expect(Catalogue.builtIn.names(call(method, url)) == "\(partner) \(method) \(route)")
            partners.insert(partner)
        }
        let called = Set(PartnerDefinition.builtIn.filter { !$0.hosts.isEmpty }.map(\.id))
        #expect(called.subtracting(partners) == [], "partners without an example")
        #expect(partners.count >= 80)
    }

    @Test(arguments: PartnerDefinition.builtIn)
    func `a partner's signature names it as the sender of a webhook`(_ partner: PartnerDefinition) {
        for signature in partner.webhookSignatures {
            let webhook = call(
                "POST", "https://us.example/hooks", headers: signature.headers.map { Header($0, "x") },
                direction: .inbound)
            let expected = Catalogue.Resolution.partner(id: partner.id, route: "POST /hooks", isWebhook: true)
            let resolution = Catalogue.builtIn.resolve(webhook)
            #expect(resolution == expected, "\(signature.headers)")
            // Half a signature is none.
            for name in signature.headers where signature.headers.count > 1 {
                let partial = call(
                    "POST", "https://us.example/hooks", headers: [Header(name, "x")], direction: .inbound)
                if case .partner(let id, _, _) = Catalogue.builtIn.resolve(partial) {
                    #expect(id != partner.id || partner.webhookSignatures.contains { $0.headers == [name] }, "\(name)")
                }
            }
        }
    }

    @Test(arguments: PartnerDefinition.builtIn)
    func `a partner's webhook tells its event, delivery and subscription in its own headers`(
        _ partner: PartnerDefinition
    ) {
        let names = partner.webhookHeaders
        let told = [
            (names.eventType, "e-1"), (names.deliveryID, "d-1"), (names.subscription, "s-1"), (names.retry, "2"),
        ]
        let headers = told.compactMap { name, value in name.map { Header($0, value) } }
        let webhook = call("POST", "https://us.example/hooks", headers: headers, direction: .inbound)
        let details = Catalogue.builtIn.webhookDetails(of: webhook, partner: partner.id)
        guard !headers.isEmpty else { return #expect(details == nil) }
        #expect(names.eventType == nil || details?.eventType == headers.value(of: names.eventType ?? ""))
        #expect(names.deliveryID == nil || details?.deliveryID == headers.value(of: names.deliveryID ?? ""))
        #expect(names.subscription == nil || details?.subscription == headers.value(of: names.subscription ?? ""))
        #expect(names.retry == nil || details?.attempt == 3)
    }

    /// Each rule of each convention is given an answer that it is about, and must have its say.
    @Test(arguments: PartnerDefinition.builtIn)
    func `a partner's error convention decides its calls`(_ partner: PartnerDefinition) {
        let host = partner.hosts.first.map { $0.isWildcard ? "acme." + $0.host : $0.host } ?? "us.example"
        #expect(
            Catalogue.builtIn.outcome(of: answered(200, "{}", url: "https://\(host)/x"), partner: partner.id)
                == .success)
        for rule in partner.errors?.rules ?? [] {
            for status in Set([rule.statuses.lowerBound, rule.statuses.upperBound]) {
                var answer = answered(status, url: "https://\(host)/x" + (rule.pathSuffixes.first ?? ""))
                switch rule.condition {
                case .status: break
                case .header(let name, let test):
                    answer.response?.headers = [Header(name, text(passing: test).trimmingQuotes())]
                case .body(let path, let test): answer.response?.body = Body(document(path, text(passing: test)))
                }
                let outcome = Catalogue.builtIn.outcome(of: answer, partner: partner.id)
                #expect(outcome == rule.outcome, "\(status) \(rule.condition)")
            }
        }
        #expect(
            Catalogue.builtIn.outcome(of: answered(429, url: "https://\(host)/x"), partner: partner.id) == .rateLimited)
    }

    /// JSON text of a value that passes.
    private func text(passing test: ValueTest) -> String {
        switch test {
        case .isPresent: #""0""#
        case .isFalse: "false"
        case .isOneOf(let values), .contains(let values): "\"\(values.last ?? "")\""
        case .isNotOneOf: #""surely another""#
        }
    }

    private func document(_ path: BodyPath, _ value: String) -> String {
        var text = value
        for part in path.text.split(separator: ".").reversed() {
            let name = part.replacing("[]", with: "")
            if part.hasSuffix("[]") { text = "[\(text)]" }
            if !name.isEmpty { text = "{\"\(name)\":\(text)}" }
        }
        return text
    }

    @Test func `what is not confirmed is marked so`() {
        for partner in PartnerDefinition.builtIn where partner.source == PartnerDefinition.general {
            #expect(!partner.confirmed, "\(partner.id)")
        }
        let confirmed = PartnerDefinition.builtIn.filter { !$0.confirmedParts.isEmpty }
        #expect(confirmed.map(\.id).contains("github"))
        #expect(confirmed.allSatisfy { $0.source != PartnerDefinition.general && !$0.verified.isEmpty })
    }
}

extension String {
    fileprivate func trimmingQuotes() -> String { hasPrefix("\"") ? String(dropFirst().dropLast()) : self }
}
