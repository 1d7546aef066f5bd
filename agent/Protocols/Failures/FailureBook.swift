import CallModel

/// Holds connections that failed until it is plain whether the call failed with them.
///
/// A client with several addresses for a name tries the next one (RFC 8305), at once or while the first is still open. Then
/// nothing has failed but an address. So a failure waits a little, and is dropped if the same name and port, or for want of
/// a name the same port in the other address family, is reached meanwhile, or was reached since the first attempt began.
struct FailureBook {
    struct Failure {
        var connection: ConnectionInfo
        var kind: FailureKind
        var began: Instant
        var ended: Instant
    }

    private struct Success {
        var connection: ConnectionInfo
        var began: Instant
    }

    private var waiting: [Failure] = []
    private var successes: [Success] = []
    /// Ports HTTP or TLS was spoken on, whatever their number says.
    private var spoken: Set<UInt16> = [80, 443, 8_080, 8_443, 8_000, 8_888, 3_000, 5_000]

    private static let successMax = 256
    private static let spokenMax = 4_096
    private static let settlingTime: Duration = .seconds(2)

    var isEmpty: Bool { waiting.isEmpty }

    mutating func failed(_ failure: Failure, _ configuration: ProtocolConfiguration, _ counters: inout ProtocolCounters)
    {
        guard mayBeCall(failure.connection), waiting.count < configuration.recentFailureCountMax else {
            return counters.failuresLeftOut &+= 1
        }
        let isReached = successes.contains {
            $0.began >= failure.began && Self.isAlternative($0.connection, to: failure.connection)
        }
        guard !isReached else { return counters.failuresLeftOut &+= 1 }
        waiting.append(failure)
    }

    /// Something that is read here was spoken on the connection.
    mutating func reached(_ connection: ConnectionInfo, began: Instant, _ counters: inout ProtocolCounters) {
        if spoken.count < Self.spokenMax { spoken.insert(connection.origin.server.port) }
        if successes.count >= Self.successMax { successes.removeFirst(Self.successMax / 2) }
        successes.append(Success(connection: connection, began: began))
        let before = waiting.count
        waiting.removeAll { Self.isAlternative(connection, to: $0.connection) }
        counters.failuresLeftOut &+= before - waiting.count
    }

    /// The failures that have stayed failures by now.
    mutating func settled(at now: Instant, isEnd: Bool) -> [Failure] {
        guard let first = waiting.first, isEnd || now - first.ended >= Self.settlingTime else { return [] }
        let count = isEnd ? waiting.count : waiting.prefix { now - $0.ended >= Self.settlingTime }.count
        let settled = Array(waiting.prefix(count))
        waiting.removeFirst(count)
        return settled
    }

    /// Content tells what is spoken; where none came, a name, a port HTTP is known on, or a private address with a port that
    /// no other service is known for must do.
    private func mayBeCall(_ connection: ConnectionInfo) -> Bool {
        let server = connection.origin.server
        guard FailedConnection.mayCarryCalls(server.port) else { return false }
        return connection.serverName != nil || spoken.contains(server.port) || server.isPrivate
    }

    private static func isAlternative(_ other: ConnectionInfo, to failed: ConnectionInfo) -> Bool {
        let (mine, theirs) = (failed.origin.server, other.origin.server)
        guard mine.port == theirs.port, mine != theirs else { return false }
        if let name = failed.serverName, let otherName = other.serverName { return name == otherName }
        return mine.isIPv4 != theirs.isIPv4
    }
}

extension SocketEndpoint {
    /// 127.0.0.0/8 (RFC 1122, section 3.2.1.3) and ::1.
    public var isLoopback: Bool { isIPv4 ? (low >> 24) & 0xff == 127 : high == 0 && low == 1 }

    /// Loopback and private addresses (RFC 1918, RFC 4193), and link-local ones.
    public var isPrivate: Bool {
        guard isIPv4 else {
            let first = UInt8(truncatingIfNeeded: high >> 56)
            return high == 0 && low == 1 || first & 0xfe == 0xfc || high >> 54 == 0x3fa
        }
        let address = UInt32(truncatingIfNeeded: low)
        return address >> 24 == 127 || address >> 24 == 10 || address >> 20 == 0xac1 || address >> 16 == 0xc0a8
            || address >> 16 == 0xa9fe
    }
}
