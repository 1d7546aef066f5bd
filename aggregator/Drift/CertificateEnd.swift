import CallModel

/// When a certificate that a partner showed ends, as agents saw it in handshakes of calls.
public struct CertificateEnd: Sendable, Equatable {
    /// The name that was asked for.
    public var name: String
    /// Nil where the agent did not say.
    public var partner: String?
    public var notAfter: Instant
    /// Agents that see this end, of those that see a certificate of the name.
    public var agentsSeeing: Int
    public var agentsCalling: Int

    public init(name: String, partner: String?, notAfter: Instant, agentsSeeing: Int, agentsCalling: Int) {
        self.name = name
        self.partner = partner
        self.notAfter = notAfter
        self.agentsSeeing = agentsSeeing
        self.agentsCalling = agentsCalling
    }
}

/// Collects what agents tell, one certificate of a name each.
public struct CertificateEnds: Sendable {
    private struct Place: Hashable {
        var name: String
        var notAfter: Instant
    }

    public static let countMax = 2_000
    private var seeing: [Place: (partner: String?, agents: Int)] = [:]
    private var calling: [String: Int] = [:]

    public init() {}

    public var isEmpty: Bool { seeing.isEmpty }

    /// What is beyond `countMax` is passed over.
    public mutating func add(name: String, partner: String?, notAfter: Instant) {
        let place = Place(name: name, notAfter: notAfter)
        guard seeing[place] != nil || seeing.count < Self.countMax else { return }
        seeing[place, default: (partner, 0)].agents += 1
        calling[name, default: 0] += 1
    }

    /// The soonest first.
    public var all: [CertificateEnd] {
        seeing.map { place, seen in
            CertificateEnd(
                name: place.name, partner: seen.partner, notAfter: place.notAfter, agentsSeeing: seen.agents,
                agentsCalling: calling[place.name] ?? seen.agents)
        }.sorted { ($0.notAfter, $0.name) < ($1.notAfter, $1.name) }
    }
}

extension DriftFinding {
    /// Most partners renew a month ahead: one that has not two weeks before the end is worth a word.
    static let certificateNoticeTime: Duration = .seconds(14 * 86_400)
    private static let certificateForgottenAfter: Duration = .seconds(7 * 86_400)

    /// Of a certificate that ends soon, or has ended and is still shown; nil for any other.
    public init?(_ end: CertificateEnd, at now: Instant) {
        guard let partner = end.partner, end.notAfter - now <= Self.certificateNoticeTime,
            now - end.notAfter <= Self.certificateForgottenAfter
        else { return nil }
        self.init(partner: partner, route: "", kind: .certificateEnd, subject: end.name, firstSeen: now, lastSeen: now)
        effectiveAt = end.notAfter
        (hostsSeeing, hostsCalling) = (end.agentsSeeing, end.agentsCalling)
    }
}
