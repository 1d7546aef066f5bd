/// The version of a catalogue: a hash over everything that decides names, so that two hosts that agree on it agree on them.
enum CatalogueVersion {
    /// To be raised with every change to `RouteTemplate`, the URL splitter or the order of resolution that can change a name.
    private static let rulesRevision = "2"

    static func hash(
        partners: [PartnerDefinition], listedRoutes: [ListedRoute], unknownHosts: UnknownHostPolicy,
        sentWebhooks: [SentWebhookRule], publicSuffixes: PublicSuffixes
    ) -> String {
        var hash = ContentHash()
        hash.add(rulesRevision)
        hash.add(unknownHosts.rawValue)
        for partner in partners {
            hash.add("partner")
            hash.add(partner.id)
            hash.add(partner.name)
            for host in partner.hosts { hash.add(host.description) }
            hash.add("signatures")
            for signature in partner.webhookSignatures {
                hash.add(signature.headers.joined(separator: "+") + (signature.isShared ? " shared" : ""))
            }
            hash.add("paths")
            for path in partner.webhookPaths { hash.add(path.text) }
            hash.add("routes")
            for route in partner.routes { hash.add(route.text) }
            hash.add("errors")
            for rule in partner.errors?.rules ?? [] { hash.add(rule.canonicalText) }
        }
        for route in listedRoutes {
            hash.add("listed")
            hash.add(route.partner)
            hash.add(route.host?.description ?? "")
            hash.add(route.pattern.text)
            hash.add(route.isWebhook ? "webhook" : "")
        }
        for rule in sentWebhooks {
            let details = rule.details
            hash.add("sent")
            hash.add(rule.headers.joined(separator: "+"))
            for name in [details.eventType, details.deliveryID, details.retry, details.subscription] {
                hash.add(name ?? "")
            }
        }
        hash.add("suffixes")
        for suffix in publicSuffixes.registries { hash.add(suffix) }
        hash.add("companies")
        for suffix in publicSuffixes.companies { hash.add(suffix) }
        return hash.hex
    }
}

extension OutcomeRule {
    /// One spelling of everything in the rule.
    fileprivate var canonicalText: String {
        let condition: String =
            switch condition {
            case .status: "status"
            case .header(let name, let test): "header \(name) \(test.canonicalText)"
            case .body(let path, let test): "body \(path.text) \(test.canonicalText)"
            }
        let suffixes = pathSuffixes.joined(separator: ",")
        return "\(statuses.lowerBound)-\(statuses.upperBound) \(condition) \(outcome.code) \(suffixes)"
    }
}

extension ValueTest {
    fileprivate var canonicalText: String {
        switch self {
        case .isPresent: "present"
        case .isFalse: "false"
        case .isOneOf(let texts): "one of " + texts.joined(separator: ",")
        case .isNotOneOf(let texts): "not one of " + texts.joined(separator: ",")
        case .contains(let texts): "contains " + texts.joined(separator: ",")
        }
    }
}

/// FNV-1a over texts, each ended by a byte that no text holds. It tells versions apart; it does not resist forgery.
struct ContentHash {
    private var state: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ text: String) {
        for byte in text.utf8 { state = (state ^ UInt64(byte)) &* 0x100_0000_01b3 }
        state = (state ^ 0xff) &* 0x100_0000_01b3
    }

    var hex: String {
        let digits = String(state, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
