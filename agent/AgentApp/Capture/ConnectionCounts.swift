import CallModel
import Protocols

/// How many connections went to whom, and of how many the calls could be read: what was seen and what was not.
///
/// A connection counts as seen when its server has agreed on TLS, or with its first call; as read with its first call. Whom it
/// reached is said by the name that was asked for, a name from DNS, or the address, as the beginning of a URL. Names beyond
/// `namesMax` are counted together, under none. Running totals.
struct ConnectionCounts: Sendable, Equatable {
    struct Count: Sendable, Equatable {
        var seen = 0
        var read = 0
    }

    static let namesMax = 2_048

    /// By `https://name` or `http://name:port`.
    private(set) var byServer: [String: Count] = [:]
    private(set) var others = Count()
    var certificates = CertificateBook()

    mutating func secured(_ connection: ConnectionInfo) { add(Count(seen: 1), to: connection.serverURL) }

    /// A call was read; the first one of a connection counts.
    mutating func read(_ call: ObservedCall) {
        guard !call.isWithoutRequest, call.connection.showsFirstCall() else { return }
        if call.connection.isToldSecured {
            add(Count(read: 1), to: call.connection.serverURL)
        } else {
            add(Count(seen: 1, read: 1), to: call.serverURL)
        }
    }

    private mutating func add(_ count: Count, to server: String) {
        if let place = byServer.index(forKey: server) {
            byServer.values[place].add(count)
        } else if byServer.count < Self.namesMax {
            byServer[server] = count
        } else {
            others.add(count)
        }
    }
}

extension ConnectionCounts.Count {
    fileprivate mutating func add(_ other: Self) {
        seen += other.seen
        read += other.read
    }
}
