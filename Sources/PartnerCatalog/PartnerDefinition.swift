/// What is known of one partner. A value: the built-in ones lie under `Data`, an operator's come from settings.
///
/// An operator's definition with the id of a built-in one extends it: its lists are added, its name and error convention replace.
public struct PartnerDefinition: Sendable, Hashable {
    /// Lower case, such as `stripe`; what calls, rollups and incidents are kept by.
    public var id: String
    /// For people; the id where it is empty.
    public var name: String
    /// Where we call it.
    public var hosts: [HostPattern]
    /// What tells that an inbound call is its webhook.
    public var webhookSignatures: [WebhookSignature]
    /// What its webhooks tell of themselves in headers.
    public var webhookHeaders: WebhookHeaders
    /// Where *we* take its webhooks, as `RoutePattern`s without or with a method: an operator's to say.
    public var webhookPaths: [RoutePattern]
    /// Routes whose templates spelling alone would get wrong.
    public var routes: [RoutePattern]
    /// Nil where the status alone decides (`ErrorConvention.standard`).
    public var errors: ErrorConvention?
    public var rateLimitHeaders: [RateLimitHeader]
    /// Where this was read: facts about partners go stale.
    public var source: String
    /// The day the confirmed parts were last read there, such as `2026-11-24`; empty where nothing is confirmed.
    public var verified: String
    /// What was read in the partner's own documentation, source or recorded answers; the rest is from memory or third parties.
    public var confirmedParts: ConfirmedParts
    /// Hosts and headers told here that were not read there, though the rest of their part was.
    public var unconfirmed: [String]

    public struct ConfirmedParts: OptionSet, Sendable, Hashable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        public static let hosts = ConfirmedParts(rawValue: 1)
        public static let webhooks = ConfirmedParts(rawValue: 2)
        public static let routes = ConfirmedParts(rawValue: 4)
        public static let errors = ConfirmedParts(rawValue: 8)
        public static let rateLimits = ConfirmedParts(rawValue: 16)
    }

    /// The parts of which anything is told here.
    var toldParts: ConfirmedParts {
        var told: ConfirmedParts = []
        if !hosts.isEmpty { told.insert(.hosts) }
        if !webhookSignatures.isEmpty || webhookHeaders != WebhookHeaders() { told.insert(.webhooks) }
        if !routes.isEmpty { told.insert(.routes) }
        // Without a convention it is told that the status decides.
        if errors != nil || !hosts.isEmpty { told.insert(.errors) }
        if !rateLimitHeaders.isEmpty { told.insert(.rateLimits) }
        return told
    }

    /// Whether everything told here is confirmed.
    public var confirmed: Bool { confirmedParts.isSuperset(of: toldParts) && unconfirmed.isEmpty }

    public init(
        id: String, name: String, hosts: [HostPattern] = [], webhookSignatures: [WebhookSignature] = [],
        webhookHeaders: WebhookHeaders = WebhookHeaders(), webhookPaths: [RoutePattern] = [],
        routes: [RoutePattern] = [], errors: ErrorConvention? = nil, rateLimitHeaders: [RateLimitHeader] = [],
        source: String = "", verified: String = "", confirmedParts: ConfirmedParts = [], unconfirmed: [String] = []
    ) {
        self.id = id
        self.name = name
        self.hosts = hosts
        self.webhookSignatures = webhookSignatures
        self.webhookHeaders = webhookHeaders
        self.webhookPaths = webhookPaths
        self.routes = routes
        self.errors = errors
        self.rateLimitHeaders = rateLimitHeaders
        self.source = source
        self.verified = verified
        self.confirmedParts = confirmedParts
        self.unconfirmed = unconfirmed
    }
}

/// Headers that mark a request as a partner's webhook. It says who claims to send it: nobody here checks the signature.
public struct WebhookSignature: Sendable, Hashable, ExpressibleByStringLiteral {
    /// All of these, in lower case.
    public var headers: [String]
    /// Several senders use this signature (Standard Webhooks, Svix): a path the operator listed tells more, and is asked first.
    public var isShared: Bool

    public init(headers: [String], isShared: Bool = false) {
        self.headers = headers
        self.isShared = isShared
    }

    /// Names joined by `+`: `"x-hub-signature-256+x-github-event"`.
    public init(stringLiteral text: String) {
        self.init(headers: text.split(separator: "+").map(String.init))
    }
}

/// Names, in lower case, of the headers in which a webhook tells its event, delivery and attempt.
public struct WebhookHeaders: Sendable, Hashable {
    public var eventType: String?
    public var deliveryID: String?
    /// A count of retries, so the first attempt has none or 0.
    public var retry: String?
    public var subscription: String?

    public init(eventType: String? = nil, deliveryID: String? = nil, retry: String? = nil, subscription: String? = nil)
    {
        self.eventType = eventType
        self.deliveryID = deliveryID
        self.retry = retry
        self.subscription = subscription
    }
}

/// One header in which a partner tells how much of a rate limit is left.
public struct RateLimitHeader: Sendable, Hashable {
    public enum Role: String, Sendable {
        case limit, remaining, used
        /// Used of 1, as a fraction.
        case usedRatio
        /// The window in which it counts, in seconds.
        case window
        /// Epoch seconds, epoch milliseconds or seconds from now (the value's size tells which), `6m0s`, or a date.
        case reset
        /// Milliseconds from now.
        case resetMilliseconds
        /// `32/40`: used of limit.
        case usedOfLimit
        /// Which limit was hit.
        case reason
        /// Limit, remaining and reset in one: a structured field, `name=used/limit`, or percentages in JSON.
        case combined
    }

    /// Lower case.
    public var name: String
    public var role: Role
    /// The window it counts in, where that is known.
    public var window: Duration?

    public init(_ name: String, _ role: Role, window: Duration? = nil) {
        self.name = name
        self.role = role
        self.window = window
    }
}

/// An inbound route of ours that somebody outside calls: a partner's webhook, or a partner or customer using our API.
public struct ListedRoute: Sendable, Hashable {
    /// What its calls are kept under.
    public var partner: String
    /// Nil for every host.
    public var host: HostPattern?
    public var pattern: RoutePattern
    public var isWebhook: Bool

    public init(partner: String, host: HostPattern? = nil, pattern: RoutePattern, isWebhook: Bool = false) {
        self.partner = partner
        self.host = host
        self.pattern = pattern
        self.isWebhook = isWebhook
    }
}

/// What becomes of outbound calls to public hosts that no definition names.
public enum UnknownHostPolicy: String, Sendable {
    /// The host's registrable domain is the partner.
    case registrableDomain = "registrable_domain"
    /// They are counted and dropped.
    case ignore
}

extension RoutePattern: ExpressibleByStringLiteral {
    /// For patterns in source code, which a test checks: one that cannot be read matches only itself as a literal.
    public init(stringLiteral text: String) {
        self = RoutePattern(text) ?? RoutePattern(unreadable: text)
    }
}
