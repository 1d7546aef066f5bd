import CallModel

/// Something that a partner's answers began or ceased to be, and since when.
public struct DriftFinding: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
        case keyAppeared = "key_appeared"
        case keyVanished = "key_vanished"
        case typeChanged = "type_changed"
        case headerAppeared = "header_appeared"
        case headerVanished = "header_vanished"
        /// A header that names a version, a media type, the protocol.
        case versionChanged = "version_changed"
        /// RFC 9745: not to be used any more.
        case deprecation
        /// RFC 8594: will be gone.
        case sunset
        case latencyStep = "latency_step"
        /// Of the certificate that its servers show.
        case certificateEnd = "certificate_end"
    }

    public var partner: String
    public var route: String
    public var kind: Kind
    /// `2xx $.charge.amount`, `2xx x-request-id`, or the header's name.
    public var subject: String
    public var before: String?
    public var after: String?
    /// For a sunset, a deprecation or the end of a certificate: from when on it holds.
    public var effectiveAt: Instant?
    public var firstSeen: Instant
    public var lastSeen: Instant
    /// Answers that showed it.
    public var answers = 0
    /// Hosts of ours that see it, of those that called the route since.
    public var hostsSeeing = 0
    public var hostsCalling = 0
    /// Ids of calls that show it.
    public var samples: [String] = []

    public init(
        partner: String, route: String, kind: Kind, subject: String, before: String? = nil, after: String? = nil,
        firstSeen: Instant, lastSeen: Instant
    ) {
        self.partner = partner
        self.route = route
        self.kind = kind
        self.subject = subject
        self.before = before
        self.after = after
        self.firstSeen = firstSeen
        self.lastSeen = lastSeen
    }

    /// The same for the same change, on every aggregator and after a restart.
    public var id: String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        // A certificate is told by its end: by whom and when it was seen first is nobody's to remember.
        let moment = (kind == .certificateEnd ? effectiveAt : nil) ?? firstSeen
        for byte in [partner, route, kind.rawValue, subject, "\(moment.millisecondsSinceEpoch)"].joined(
            separator: "\n"
        ).utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
        }
        let digits = String(hash, radix: 16)
        return "dr_" + String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    /// The change in words.
    public var text: String {
        let change = [before, after].compactMap { $0 }.joined(separator: " to ")
        switch kind {
        case .keyAppeared: return "\(subject) is new in answers, as \(after ?? "a value")"
        case .keyVanished: return "\(subject) is missing from answers that always had it"
        case .typeChanged: return "\(subject) changed from \(change)"
        case .headerAppeared: return "the header \(subject) is new"
        case .headerVanished: return "the header \(subject) is missing from answers that always had it"
        case .versionChanged: return "\(subject) changed from \(change)"
        case .deprecation: return "deprecated" + (effectiveAt.map { " as of \($0.rfc3339)" } ?? "")
        case .sunset: return "will be gone" + (effectiveAt.map { " at \($0.rfc3339)" } ?? "")
        case .certificateEnd:
            return "the certificate of \(subject) ends" + (effectiveAt.map { " at \($0.rfc3339)" } ?? "")
        case .latencyStep: return "answers take \(change) and have for an hour"
        }
    }
}
