import PartnerCatalog

/// Which headers, query keys and body keys are harmless, and which are secret by their name. Names are lower case.
enum HeaderRules {
    /// Kept with their values, which are scanned all the same.
    private static let harmless: Set<String> = [
        "accept", "accept-encoding", "age", "allow", "api-version", "cache-control", "connection", "content-encoding",
        "content-language", "content-length", "content-type", "date", "deprecation", "expires", "host", "last-modified",
        "retry-after", "server", "sunset", "transfer-encoding", "user-agent", "vary", "via", "stripe-version",
        "stripe-should-retry", "x-github-event", "x-slack-retry-num", "x-slack-retry-reason", "x-shopify-topic",
        "webhook-id", "webhook-timestamp", "svix-id", "request-id", "x-request-id", "x-correlation-id",
        "idempotency-key", "x-idempotency-key",
    ]

    /// A key by its name alone: it opens nothing, and says which requests are one.
    private static let idempotencyKeys: Set<String> = ["idempotency-key", "x-idempotency-key"]

    enum Class {
        /// Masked in every mode.
        case secret
        /// Kept with its value, which is scanned.
        case harmless
        /// Masked but in `full`.
        case other
    }

    static func classOf(_ name: String) -> Class {
        isSecret(name) ? .secret : isHarmless(name) ? .harmless : .other
    }

    static func isHarmless(_ name: String) -> Bool {
        harmless.contains(name) || holds(name, anyOf: limitParts) || name.hasSuffix("-version")
            || name.hasSuffix("-request-id")
    }

    private static let limitParts = ["ratelimit", "rate-limit"].map { Array($0.utf8) }

    /// Over bytes: searching in strings costs twenty times as much, and every header is asked about.
    private static func holds(_ name: String, anyOf parts: [[UInt8]]) -> Bool {
        var name = name
        return name.withUTF8 { bytes in
            parts.contains { part in
                guard bytes.count >= part.count else { return false }
                return (0...bytes.count - part.count).contains { start in
                    bytes[start] == part[0] && bytes[start..<start + part.count].elementsEqual(part)
                }
            }
        }
    }

    /// What a partner's own headers tell of its limits and deliveries. Its signatures are not among them.
    static func telling(of partner: PartnerDefinition) -> Set<String> {
        let headers = partner.webhookHeaders
        let told = [headers.eventType, headers.deliveryID, headers.retry, headers.subscription].compactMap { $0 }
        let signatures = Set(partner.webhookSignatures.flatMap(\.headers))
        // An id in which a delivery is signed as well (`webhook-id`) is an id all the same.
        return Set(partner.rateLimitHeaders.map(\.name))
            .union(told.filter { !isSecret($0) || !signatures.contains($0) && $0.hasSuffix("-id") })
    }

    private static let secretParts = [
        "authorization", "cookie", "token", "secret", "password", "passwd", "signature", "credential", "api-key",
        "apikey",
        "api_key", "access_key", "private_key", "session", "csrf", "otp", "pin_code", "cvv", "cvc",
    ].map { Array($0.utf8) }

    static func isSecret(_ name: String) -> Bool {
        holds(name, anyOf: secretParts) || name.hasSuffix("-key") && !idempotencyKeys.contains(name) || name == "auth"
            || name == "key"
    }

    private static let personal: Set<String> = [
        "email", "e_mail", "phone", "mobile", "name", "first_name", "last_name", "full_name", "firstname", "lastname",
        "address", "street", "line1", "line2", "zip", "postal_code", "postcode", "city", "dob", "birthdate",
        "date_of_birth", "ssn", "tax_id", "iban", "account_number", "card_number", "number", "ip", "ip_address",
    ]

    static func isPersonal(_ key: String) -> Bool { personal.contains(key) }

    /// Keys of a query whose values tell how a call was made and nothing about anybody.
    private static let harmlessQuery: Set<String> = [
        "limit", "page", "per_page", "page_size", "size", "offset", "count", "sort", "sort_by", "order", "order_by",
        "direction", "expand", "expand[]", "fields", "include", "format", "version", "api-version", "v", "locale",
        "lang",
        "currency", "status", "type", "state",
    ]

    static func isHarmlessQuery(_ key: String) -> Bool { harmlessQuery.contains(key) }
}
