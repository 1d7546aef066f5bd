import CallModel

/// The layer that decrypts: TLS in, clear bytes out; what is clear already passes through.
///
/// It stands between a source of bytes and the protocols, a `StreamConsumer` with another behind it:
///
///     let protocols = TLSReader(consumer: callReader)
///     var reassembler = PacketReassembler(consumer: protocols)
///     reassembler.consumer.keyLog(text.span)      // A key log, before the packets or while they come.
///
/// The consumer is told of each connection once its first bytes have shown whether it speaks TLS, so that `opened` carries the name
/// asked for (SNI), and `secured` then says what the handshake shows. If the secrets are known, clear bytes follow as though there
/// were no TLS; if not, none follow, and no gaps: `SecureSession.isReadable` stays false. A lost record is a gap of unknown length. A
/// handshake that fails is reported with its alert, and an unread connection whose server owes an answer when it ends, with why. TLS that
/// begins later, after CONNECT, SOCKS, STARTTLS or a load balancer's preamble, is recognised by its ClientHello, in pieces of any size, where
/// the consumer is in the midst of nothing else.
///
/// Read are TLS 1.0 to 1.3 as far as `CipherSuite` goes, with resumption, renegotiation, early data, key updates and retried hellos.
public struct TLSReader<Consumer: StreamConsumer>: StreamConsumer {
    public var consumer: Consumer
    private var core: TLSCore

    public init(consumer: Consumer, configuration: TLSConfiguration = TLSConfiguration(), keys: KeyLog = KeyLog()) {
        self.consumer = consumer
        core = TLSCore(configuration: configuration, keys: keys)
    }

    public var counters: TLSCounters { core.counters }
    public var keys: KeyLog { core.keys }

    public mutating func opened(_ connection: ConnectionID, _ origin: ConnectionOrigin, at now: Instant) {
        // One of the same number that waits ends now.
        takeEnd(of: connection, core.endInVain(connection))
        if !core.opened(connection, origin, at: now) { consumer.opened(connection, origin, at: now) }
    }

    public mutating func chunk(
        _ bytes: Span<UInt8>, of connection: ConnectionID, _ direction: StreamDirection, at now: Instant
    ) {
        let mayBegin =
            !core.mayBeginLate(bytes, of: connection) || consumer.mayBeginAnew(connection, direction)
        if mayBegin, core.chunk(bytes, of: connection, direction, at: now) {
            takeSteps(of: connection, at: now)
        } else {
            consumer.chunk(bytes, of: connection, direction, at: now)
        }
    }

    public mutating func gap(
        byteCount: Int?, of connection: ConnectionID, _ direction: StreamDirection, at now: Instant
    ) {
        if core.gap(byteCount: byteCount, of: connection, direction) {
            takeSteps(of: connection, at: now)
        } else {
            consumer.gap(byteCount: byteCount, of: connection, direction, at: now)
        }
    }

    public mutating func halfClosed(_ connection: ConnectionID, _ direction: StreamDirection, at now: Instant) {
        if core.halfClosed(connection, direction, at: now) {
            takeSteps(of: connection, at: now)
        } else {
            consumer.halfClosed(connection, direction, at: now)
        }
    }

    public mutating func closed(_ connection: ConnectionID, _ reason: CloseReason, at now: Instant) {
        let reason = core.closed(connection, reason, at: now)
        takeSteps(of: connection, at: now)
        if let reason { consumer.closed(connection, reason, at: now) }
    }

    public mutating func datagram(_ bytes: Span<UInt8>, from: SocketEndpoint, to: SocketEndpoint, at now: Instant) {
        consumer.datagram(bytes, from: from, to: to, at: now)
    }

    /// More of a key log. Connections that waited for it go on with their next bytes, or with `resume`.
    public mutating func keyLog(_ text: Span<UInt8>) { core.append(keyLog: text) }

    /// Whether any connection waits for its secrets.
    public var isWaiting: Bool { core.isWaiting }

    /// Tries what waits for its secrets again. The consumer is told of it at the time when it came.
    public mutating func resume() {
        for connection in core.waitingConnections {
            for direction in StreamDirection.allCases {
                guard let time = core.resume(connection, direction) else { continue }
                takeSteps(of: connection, at: time)
            }
            takeEnd(of: connection, core.ended(connection))
        }
    }

    /// Time has passed: connections that ended wait no longer than `TLSConfiguration.closedWait` for their secrets.
    public mutating func timePassed(to now: Instant) {
        for connection in core.overdue(at: now) { takeEnd(of: connection, core.endInVain(connection)) }
    }

    /// Nothing more will come: what waits for its secrets ends.
    public mutating func finish() { timePassed(to: Instant(nanosecondsSinceEpoch: .max)) }

    private mutating func takeEnd(of connection: ConnectionID, _ end: (reason: CloseReason, at: Instant)?) {
        guard let end else { return }
        takeSteps(of: connection, at: end.at)
        consumer.closed(connection, end.reason, at: end.at)
    }

    /// Forgets every secret, in force or not, and waits for no more: nothing is decrypted from now on. What is clear is read on.
    public mutating func forgetSecrets(at now: Instant) {
        for connection in core.forgetSecrets() {
            core.giveUp(connection)
            takeSteps(of: connection, at: now)
            takeEnd(of: connection, core.ended(connection))
        }
    }

    private mutating func takeSteps(of connection: ConnectionID, at now: Instant) {
        guard !core.steps.isEmpty else { return }
        let steps = core.takeSteps()
        for step in steps {
            switch step {
            case .opened(let origin, let time): consumer.opened(connection, origin, at: time)
            case .secured(let session): consumer.secured(connection, session, at: now)
            case .chunk(let bytes, let direction): consumer.chunk(bytes.span, of: connection, direction, at: now)
            case .gap(let byteCount, let direction):
                consumer.gap(byteCount: byteCount, of: connection, direction, at: now)
            case .halfClosed(let direction): consumer.halfClosed(connection, direction, at: now)
            case .handshakeFailed(let alert): consumer.handshakeFailed(connection, alert: alert, at: now)
            case .unanswered(let failure, let since):
                consumer.leftUnanswered(connection, failure, since: since, at: now)
            }
        }
        core.give(back: steps)
    }
}

/// One call the consumer is due.
enum TLSStep {
    case opened(ConnectionOrigin, Instant)
    case secured(SecureSession)
    case chunk([UInt8], StreamDirection)
    case gap(Int?, StreamDirection)
    case halfClosed(StreamDirection)
    case handshakeFailed(UInt8?)
    case unanswered(FailureKind, since: Instant)
}
