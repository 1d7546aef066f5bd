import Documents

/// What one host's last heartbeat tells of what it can see: connections to partners in the last half to full hour, of how many
/// the calls were read, and processes whose TLS cannot be read. An agent that looks at nothing by itself tells none of it.
public struct HostSight: Sendable, Equatable {
    public struct Partner: Sendable, Equatable {
        public var seen: Int64
        public var read: Int64
        /// Connections go there, and no call of them is known from any source.
        public var isBlind: Bool

        public init(seen: Int64, read: Int64, isBlind: Bool) {
            self.seen = seen
            self.read = read
            self.isBlind = isBlind
        }
    }

    public private(set) var partners: [String: Partner] = [:]
    public private(set) var blindProcesses: Int64 = 0

    /// An agent tells no more than it tells apart.
    private static let partnersMax = 1_000

    public init() {}

    /// Agents of other releases report other things: what is not there is not seen.
    public init(_ report: JSONValue) {
        blindProcesses = max(0, report.member("blind_processes")?.int64 ?? 0)
        report.member("partner_connections")?.forEachMember { id, partner in
            guard partners.count < Self.partnersMax else { return }
            let seen = max(0, partner.member("seen")?.int64 ?? 0)
            let read = min(seen, max(0, partner.member("read")?.int64 ?? 0))
            partners[String(decoding: id, as: UTF8.self)] = Partner(
                seen: seen, read: read, isBlind: partner.member("blind")?.bool ?? false)
        }
    }
}

/// What all reporting hosts together see, and do not see.
public struct FleetCoverage: Sendable, Equatable {
    public struct Share: Sendable, Equatable {
        public var connectionsSeen: Int64 = 0
        public var connectionsRead: Int64 = 0
        public var hostsBlind: Int64 = 0

        public init() {}

        /// Of the connections seen, how many had their calls read. Nil where none was seen, as where calls only come by receivers.
        var decodedRatio: Double? {
            connectionsSeen > 0 ? Double(connectionsRead) / Double(connectionsSeen) : nil
        }
    }

    /// Of all partners; a host that is blind for several counts once.
    public private(set) var total = Share()
    public private(set) var partners: [String: Share] = [:]
    public private(set) var processesBlind: Int64 = 0

    public init() {}

    public mutating func add(_ host: HostSight) {
        for (id, partner) in host.partners {
            partners[id, default: Share()].add(partner)
            total.connectionsSeen &+= partner.seen
            total.connectionsRead &+= partner.read
        }
        processesBlind &+= host.blindProcesses
        if host.blindProcesses > 0 || host.partners.values.contains(where: \.isBlind) { total.hostsBlind += 1 }
    }
}

extension FleetCoverage.Share {
    fileprivate mutating func add(_ partner: HostSight.Partner) {
        connectionsSeen &+= partner.seen
        connectionsRead &+= partner.read
        if partner.isBlind { hostsBlind += 1 }
    }

    func append(to writer: inout JSONWriter) {
        writer.member("connections_seen", connectionsSeen)
        writer.member("calls_decoded_ratio", decodedRatio)
        writer.member("hosts_blind", hostsBlind)
    }
}
