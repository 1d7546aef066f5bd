import CallModel
import Testing

@testable import PartnerCatalog

/// What is told of partners, held against their own messages: each is understood, each fact is needed by one of them, and what is
/// called confirmed is what was read.
@Suite struct PartnerVectorTests {
    @Test(arguments: PartnerVector.all)
    func `a partner is understood in its own words`(_ vector: PartnerVector) {
        #expect(vector.reading(in: .builtIn) == vector.expected)
    }

    @Test(arguments: PartnerDefinition.builtIn)
    func `nothing is told of a partner that no message of its own needs`(_ partner: PartnerDefinition) {
        let vectors = PartnerVector.all.filter { $0.partner == partner.id && $0.kind != .host }
        // Headers of the families that many share are read without being told, too.
        let shared = Set(RateLimitHeader.shared(beside: []).map(\.name))
        for (fact, without) in variants(of: partner) {
            let isShared = partner.rateLimitHeaders.contains { fact == "header \($0.name)" && shared.contains($0.name) }
            let names = isShared ? Set(vectors.flatMap(\.headerNames)) : []
            #expect(names.contains(String(fact.dropFirst(7))) || isNeeded(by: vectors, without), "\(fact)")
        }
        #expect(partner.hosts.isEmpty || vectors.contains { $0.kind == .answer }, "how its answers end a call")
        for host in partner.hosts {
            #expect(isNamed(host, by: PartnerVector.all.filter { $0.partner == partner.id }, of: partner), "\(host)")
        }
    }

    @Test(arguments: PartnerDefinition.builtIn)
    func `a part is confirmed exactly where the partner's own words were read`(_ partner: PartnerDefinition) {
        let read = PartnerVector.all.filter { $0.partner == partner.id && $0.isRead }
        var parts: PartnerDefinition.ConfirmedParts = []
        var names: [String] = []
        if read.contains(where: { $0.kind == .host }) {
            parts.insert(.hosts)
            names += partner.hosts.filter { !isNamed($0, by: read, of: partner) }.map(\.description)
        }
        for (kind, part, told) in [
            (PartnerVector.Kind.webhook, PartnerDefinition.ConfirmedParts.webhooks, partner.webhookNames),
            (.limit, .rateLimits, partner.rateLimitHeaders.map(\.name)),
        ] where read.contains(where: { $0.kind == kind }) {
            parts.insert(part)
            let seen = Set(read.filter { $0.kind == kind }.flatMap(\.headerNames))
            names += told.filter { !seen.contains($0) }
        }
        let answers = read.filter { $0.kind == .answer }
        let rules = variants(of: partner).filter { $0.fact.hasPrefix("rule") }
        let isFailed = answers.contains { $0.expected.contains { $0 != "success" } }
        if isFailed, rules.allSatisfy({ isNeeded(by: answers, $0.without) }) { parts.insert(.errors) }
        #expect(partner.confirmedParts.subtracting(.routes) == parts)
        #expect(Set(partner.unconfirmed) == Set(names))
        #expect(partner.confirmedParts.isEmpty == partner.verified.isEmpty)
    }

    /// Templates are confirmed by hand: the documents are too long to be repeated here.
    @Test func `routes are confirmed where a description was read`() {
        let confirmed = PartnerDefinition.builtIn.filter { $0.confirmedParts.contains(.routes) }.map(\.id)
        #expect(Set(confirmed) == ["twilio", "okta", "pagerduty", "digitalocean"])
    }

    @Test func `more than eighty partners speak for themselves`() {
        let read = PartnerVector.all.filter(\.isRead)
        func count(_ kind: PartnerVector.Kind) -> Int { Set(read.filter { $0.kind == kind }.map(\.partner)).count }
        #expect(count(.host) >= 110 && count(.webhook) >= 45 && count(.limit) >= 35 && count(.answer) >= 40)
        #expect(PartnerDefinition.builtIn.filter { !$0.confirmedParts.isEmpty }.count >= 120)
        #expect(read.allSatisfy { $0.source.contains(".") }, "a source is a place")
        #expect(PartnerVector.all.allSatisfy { !$0.expected.isEmpty })
        #expect(PartnerDefinition.builtIn.allSatisfy { $0.source != PartnerDefinition.general || $0.verified.isEmpty })
    }

    // MARK: What is told, one by one

    /// The partner without one of the facts that tell its messages.
    private func variants(of partner: PartnerDefinition) -> [(fact: String, without: PartnerDefinition)] {
        func without(_ fact: String, _ change: (inout PartnerDefinition) -> Void) -> (String, PartnerDefinition) {
            var copy = partner
            change(&copy)
            return (fact, copy)
        }
        let headers: [(String, WritableKeyPath<WebhookHeaders, String?> & Sendable)] = [
            ("event", \.eventType), ("delivery", \.deliveryID), ("retry", \.retry), ("subscription", \.subscription),
        ]
        return partner.webhookSignatures.indices.map { index in
            without("signature \(partner.webhookSignatures[index].headers)") { $0.webhookSignatures.remove(at: index) }
        }
            + headers.filter { partner.webhookHeaders[keyPath: $0.1] != nil }.map { name, path in
                without("\(name) of a webhook") { $0.webhookHeaders[keyPath: path] = nil }
            }
            + partner.rateLimitHeaders.indices.map { index in
                without("header \(partner.rateLimitHeaders[index].name)") { $0.rateLimitHeaders.remove(at: index) }
            }
            + (partner.errors?.rules ?? []).indices.map { index in
                without("rule \(index) of its errors") { $0.errors?.rules.remove(at: index) }
            }
    }

    /// Whether one of the messages is understood otherwise where the partner is told of in this way.
    private func isNeeded(by vectors: [PartnerVector], _ other: PartnerDefinition) -> Bool {
        let partners = PartnerDefinition.builtIn.map { $0.id == other.id ? other : $0 }
        let catalogue = Catalogue(builtIn: false, partners: partners, listedRoutes: [], unknownHosts: .ignore)
        return vectors.contains { $0.reading(in: catalogue) != $0.expected }
    }

    /// Whether a host is told that the pattern stands for. Amazon's regions are all alike.
    private func isNamed(_ pattern: HostPattern, by vectors: [PartnerVector], of partner: PartnerDefinition) -> Bool {
        vectors.flatMap(\.hosts).contains { host in
            var wanted = pattern.host
            if partner.id == "aws-s3" {
                for region in PublicSuffixes.amazonRegions
                where host.contains(".eu-west-1.") || host.contains("-us-west-2.") {
                    let other = host.contains("-us-west-2.") ? "us-west-2" : "eu-west-1"
                    wanted = wanted.replacing(".\(region).", with: ".\(other).").replacing(
                        "-\(region).", with: "-\(other).")
                }
            }
            return pattern.isWildcard ? host.hasSuffix("." + wanted) : host == wanted
        }
    }
}

extension PartnerDefinition {
    fileprivate var webhookNames: [String] {
        webhookSignatures.flatMap(\.headers)
            + [
                webhookHeaders.eventType, webhookHeaders.deliveryID, webhookHeaders.retry, webhookHeaders.subscription,
            ].compactMap(\.self)
    }
}
