import Documents

/// How much of what the catalogue tells of a partner was read in that partner's own words, so that nobody takes the rest for
/// more than it is.
public struct PartnerFacts: Sendable, Equatable {
    public enum State: String, Sendable, CaseIterable {
        /// Everything told of it was read in its documentation or its own client.
        case confirmed
        case inPart = "in_part"
        /// From third parties or general knowledge.
        case unconfirmed
        /// The operator's settings alone define it.
        case settings
        /// The catalogue knows nothing of it: it bears the registrable domain of a host that was called, or a name that the
        /// settings of a host give.
        case derived
    }

    public var state: State
    /// Of `parts`.
    public var confirmed: [String] = []
    /// Of `parts`, and single hosts and headers of which the rest of their part is confirmed.
    public var unconfirmed: [String] = []
    /// Of `parts`, those of which nothing is told: the partner may have some.
    public var unknown: [String] = []
    /// The day on which the confirmed parts were last read, such as `2026-11-24`.
    public var verified: String?
    public var source: String?

    public static let settings = PartnerFacts(state: .settings)
    public static let derived = PartnerFacts(state: .derived)

    /// Those of the partners Farwatch ships, by id.
    public static let shipped: [String: PartnerFacts] = Dictionary(
        uniqueKeysWithValues: Catalogue.builtIn.partners.map { ($0.id, PartnerFacts($0)) })

    private init(state: State) { self.state = state }

    public init(_ partner: PartnerDefinition) {
        for (part, name) in Self.parts {
            if !partner.toldParts.contains(part) {
                unknown.append(name)
            } else if partner.confirmedParts.contains(part) {
                confirmed.append(name)
            } else {
                unconfirmed.append(name)
            }
        }
        unconfirmed += partner.unconfirmed
        state = partner.confirmed ? .confirmed : partner.confirmedParts.isEmpty ? .unconfirmed : .inPart
        verified = partner.verified.isEmpty ? nil : partner.verified
        source = partner.source.isEmpty ? nil : partner.source
    }

    static let parts: [(PartnerDefinition.ConfirmedParts, String)] = [
        (.hosts, "hosts"), (.webhooks, "webhooks"), (.routes, "routes"), (.errors, "errors"),
        (.rateLimits, "rate_limits"),
    ]

    /// The members of its JSON object.
    public func append(to writer: inout JSONWriter) {
        writer.member("state", state.rawValue)
        for (name, parts) in [("confirmed", confirmed), ("unconfirmed", unconfirmed), ("unknown", unknown)] {
            writer.array(name) { for part in parts { $0.string(part) } }
        }
        writer.member("verified", verified)
        writer.member("source", source)
    }
}
