/// The bounds of what the layer that decrypts keeps.
public struct TLSConfiguration: Sendable {
    /// Connections not yet known to be clear, and those that speak TLS. Beyond it new ones pass through unread.
    public var connectionsMax = 65_536
    /// Bytes of handshake messages kept until they are whole, for one direction. A chain of certificates has a few thousand.
    public var handshakeByteCountMax = 128 << 10
    /// Whether secrets may come after the records they open, as from a key log that grows beside live traffic.
    public var waitsForKeys = false
    /// How long a connection that has ended waits for its secrets, where they may come later.
    public var closedWait = Duration.seconds(2)
    /// Bytes kept of one direction while its secrets are awaited, or whether early data was accepted.
    public var waitingByteCountMax = 256 << 10
    /// The same for all connections together.
    public var waitingByteCountTotalMax = 16 << 20
    /// Records that may be lost at once and the next one still be opened; each costs one attempt.
    public var lostRecordsMax = 64
    /// Places behind a loss that look like a record and do not open, before the rest of the direction is given up.
    public var searchAttemptsMax = 64
    /// A client that leaves an unread connection sooner after what it sent has not waited in vain.
    public var patienceMin = Duration.seconds(1)

    public init() {}
}

/// What became of TLS connections. Running totals since the start.
public struct TLSCounters: Sendable, Equatable {
    public var connections = 0
    /// Connections of which at least one record was opened.
    public var readableConnections = 0
    /// Connections whose secrets are not known, whose suite is not supported, or whose beginning was not seen.
    public var unreadableConnections = 0
    /// Of these: connections that had ended and waited for their secrets in vain.
    public var closedBeforeSecrets = 0
    public var handshakeFailures = 0
    public var openedRecords = 0
    /// Records that did not authenticate under the keys that should open them.
    public var refusedRecords = 0
    public var clearBytes = 0
    /// Connections that could not be read, whose server owed an answer when they ended.
    public var unansweredConnections = 0
    /// Connections passed through unread because `connectionsMax` was reached.
    public var connectionsBeyondMax = 0

    public init() {}
}
