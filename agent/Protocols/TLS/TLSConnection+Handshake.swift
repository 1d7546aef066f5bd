import CallModel

/// Handshake messages: what they tell of the connection, and when they change keys.
extension TLSConnection {
    private enum MessageType {
        static let clientHello: UInt8 = 1
        static let serverHello: UInt8 = 2
        static let endOfEarlyData: UInt8 = 5
        static let newSessionTicket: UInt8 = 4
        static let clientKeyExchange: UInt8 = 16
        static let encryptedExtensions: UInt8 = 8
        static let certificate: UInt8 = 11
        static let finished: UInt8 = 20
        static let keyUpdate: UInt8 = 24
    }

    func handshakeArrived(
        _ content: [UInt8], _ direction: StreamDirection, _ keys: KeyLog, _ steps: inout [TLSStep]
    ) {
        let lane = lane(direction)
        guard !lane.isHandshakeDamaged else { return }
        lane.handshake.append(contentsOf: content)
        var offset = 0
        while lane.handshake.count - offset >= 4 {
            let header = lane.handshake[offset..<offset + 4]
            let byteCount = header.dropFirst().reduce(0) { $0 << 8 | Int($1) }
            guard byteCount <= context.configuration.handshakeByteCountMax else {
                lane.isHandshakeDamaged = true
                break
            }
            guard lane.handshake.count - offset >= 4 + byteCount else { break }
            let message = Array(lane.handshake[offset + 4..<offset + 4 + byteCount])
            offset += 4 + byteCount
            messageArrived(header.first!, message, direction, keys, &steps)
        }
        lane.handshake.removeFirst(offset)
        if lane.isHandshakeDamaged { lane.handshake = [] }
    }

    private func messageArrived(
        _ type: UInt8, _ message: [UInt8], _ direction: StreamDirection, _ keys: KeyLog, _ steps: inout [TLSStep]
    ) {
        switch (type, direction) {
        case (MessageType.clientHello, .toServer): clientHelloArrived(message, keys, &steps)
        case (MessageType.serverHello, .toClient): serverHelloArrived(message, keys, &steps)
        case (MessageType.encryptedExtensions, .toClient) where session.version >= 0x0304:
            let extensions = EncryptedExtensions(message)
            session.applicationProtocol = extensions.applicationProtocol
            announce(&steps)
            if hello?.offersEarlyData == true { earlyDataDecided(extensions.acceptsEarlyData, keys, &steps) }
        case (MessageType.certificate, .toClient) where session.version != 0:
            hasCertificate = true
            session.certificateEnd = CertificateMessage.end(message, version: session.version)
            announce(&steps)
        case (MessageType.newSessionTicket, .toClient) where session.version != 0 && session.version < 0x0304:
            ticketArrived(message)
        case (MessageType.clientKeyExchange, .toServer) where session.version != 0 && session.version < 0x0304:
            var reader = HandshakeReader(message)
            encryptedPremaster = reader.vector16().map { Array($0) } ?? []
        case (MessageType.endOfEarlyData, .toServer) where session.version >= 0x0304: earlyDataEnded(keys)
        case (MessageType.finished, _) where session.version >= 0x0304: finishedArrived(direction, keys)
        case (MessageType.keyUpdate, _) where session.version >= 0x0304: keyUpdated(direction)
        default: break
        }
    }

    private func clientHelloArrived(_ message: [UInt8], _ keys: KeyLog, _ steps: inout [TLSStep]) {
        guard let hello = ClientHello(message) else { return }
        // A second one answers a HelloRetryRequest, where early data is over, or renegotiates.
        if self.hello != nil, isEarlyDataAccepted == nil { isEarlyDataAccepted = false }
        if hello.offersEarlyData == false { isEarlyDataAccepted = false }
        self.hello = hello
        session.serverName = session.serverName ?? hello.serverName
        handOnOpened(hasSecrets: secrets(keys) != nil, &steps)
        announce(&steps)
    }

    private func serverHelloArrived(_ message: [UInt8], _ keys: KeyLog, _ steps: inout [TLSStep]) {
        guard let found = ServerHello(message) else { return }
        guard !found.isRetryRequest else {
            earlyDataDecided(false, keys, &steps)
            return
        }
        serverHello = found
        session.version = found.version
        session.applicationProtocol = found.applicationProtocol ?? session.applicationProtocol
        suite = CipherSuite(found.suite)
        announce(&steps)
        if found.version >= 0x0304 {
            toServer.handshake = []
            findModernKeys(keys)
        } else {
            if isEarlyDataAccepted == nil { earlyDataDecided(false, keys, &steps) }
            toServer.pendingCipher = nil
            toClient.pendingCipher = nil
            findLegacyKeys(keys)
        }
    }

    /// What the client sent early can be read now, or passed over.
    private func earlyDataDecided(_ isAccepted: Bool, _ keys: KeyLog, _ steps: inout [TLSStep]) {
        guard isEarlyDataAccepted == nil || isEarlyDataAccepted == false else { return }
        isEarlyDataAccepted = isAccepted
        if let suite, let secrets = secrets(keys) {
            let secret = isAccepted ? secrets.clientEarly : secrets.clientHandshake
            if let secret { use(secret, toServer, suite) }
        }
        readRecords(.toServer, keys, &steps)
    }

    func secrets(_ keys: KeyLog) -> KeyLog.Secrets? {
        guard let hello, let random = ClientRandom(hello.random) else { return nil }
        return keys.secrets(for: random)
    }

    // MARK: TLS 1.2 and older

    /// Makes the keys of both directions, if the master secret is known.
    func findLegacyKeys(_ keys: KeyLog) {
        guard let hello, let serverHello, serverHello.version < 0x0304, let suite,
            let master = findMaster(keys, hello, serverHello, suite)
        else { return }
        learn(master)
        let pair = RecordCipher.pair(
            master: master, clientRandom: hello.random, serverRandom: serverHello.random, version: serverHello.version,
            encryptThenMAC: serverHello.encryptThenMAC, suite)
        toServer.pendingCipher = pair.client
        toClient.pendingCipher = pair.server
        for lane in [toServer, toClient] where lane.hasChangedCipher && lane.cipher == nil {
            lane.cipher = lane.pendingCipher
        }
    }

    /// By the key log's own line for the connection; else by its session, which may have begun on another.
    private func findMaster(
        _ keys: KeyLog, _ hello: ClientHello, _ serverHello: ServerHello, _ suite: CipherSuite
    ) -> [UInt8]? {
        if let master = secrets(keys)?.master ?? keys.master(ofSession: serverHello.sessionNumber) { return master }
        if let premaster = keys.premaster(sentAs: encryptedPremaster), !serverHello.hasExtendedMaster {
            return KeySchedule.master(
                premaster: premaster, clientRandom: hello.random, serverRandom: serverHello.random,
                version: serverHello.version, suite.schedule)
        }
        // A server that resumes goes from its hello to its ChangeCipherSpec, and a client follows.
        guard !hasCertificate, toClient.hasChangedCipher else { return nil }
        if serverHello.sessionNumber == hello.sessionNumber,
            let master = context.sessions.master(ofSession: hello.sessionNumber)
        {
            return master
        }
        return context.sessions.master(ofTicket: hello.ticket)
    }

    private func learn(_ master: [UInt8]) {
        self.master = master
        if let serverHello { context.sessions.learn(master, ofSession: serverHello.sessionNumber) }
        context.sessions.learn(master, ofTicket: newTicket)
    }

    /// RFC 5077, section 3.3.
    private func ticketArrived(_ message: [UInt8]) {
        var reader = HandshakeReader(message)
        guard reader.take(4) != nil, let ticket = reader.vector16() else { return }
        newTicket = Array(ticket)
        if let master { context.sessions.learn(master, ofTicket: newTicket) }
    }

    /// ChangeCipherSpec (RFC 5246, section 7.1).
    func cipherChanged(_ direction: StreamDirection, _ keys: KeyLog) {
        guard session.version < 0x0304, serverHello != nil else { return }
        let lane = lane(direction)
        lane.hasChangedCipher = true
        if lane.pendingCipher == nil { findLegacyKeys(keys) }
        lane.cipher = lane.pendingCipher
        lane.pendingCipher = nil
        lane.handshake = []
        lane.isHandshakeDamaged = false
        if toServer.hasChangedCipher, toClient.hasChangedCipher { isHandshakeComplete = true }
    }

    // MARK: Failure

    func fail(alert: UInt8?, _ steps: inout [TLSStep]) {
        guard !hasFailed else { return }
        hasFailed = true
        context.counters.handshakeFailures += 1
        handOnOpened(&steps)
        steps.append(.handshakeFailed(alert))
    }

    /// Tells from the outside of a record how the handshake goes, where the inside cannot be read.
    func noteEncryptedRecord(_ record: [UInt8], _ direction: StreamDirection, _ steps: inout [TLSStep]) {
        guard session.version >= 0x0304, direction == .toServer, !isHandshakeComplete, isUnreadable, suite != nil else {
            return
        }
        // The client answers with Finished, of 53 bytes or more, or with an alert: two bytes, their type, a tag of 16.
        if record.count - 5 == 19, lane(direction).encryptedRecordCount == 1 {
            fail(alert: nil, &steps)
        } else {
            isHandshakeComplete = true
        }
    }

    /// A connection that ended in the midst of its handshake has failed. Where bytes are missing, nobody knows.
    func reportUnfinishedHandshake(_ reason: CloseReason, _ steps: inout [TLSStep]) {
        guard hello != nil, !isHandshakeComplete, !hasFailed,
            !toServer.hasLostBytes, !toClient.hasLostBytes
        else { return }
        switch reason {
        case .finished, .reset: fail(alert: nil, &steps)
        case .refused, .connectTimeout, .unreachable, .evicted, .endOfCapture: break
        }
    }

    // MARK: What cannot be read

    func watch(_ bytes: Span<UInt8>, _ direction: StreamDirection) {
        guard !session.isReadable, !hasFailed else { return }
        let shown = UnreadableExchange.Session(
            version: session.version, suite: suite, applicationProtocol: session.applicationProtocol)
        exchange.bytesArrived(bytes, direction, shown, at: context.now)
    }

    /// A server that agreed on TLS and owes an answer at the end. Only where the handshake was seen is it known who is who.
    func reportOwedAnswer(_ reason: CloseReason, _ steps: inout [TLSStep]) {
        guard !session.isReadable, !hasFailed, hello != nil, serverHello != nil, mayBeHTTP else { return }
        var reason = reason
        if isTurned, case .reset(let end) = reason { reason = .reset(by: end.opposite) }
        let patience = context.configuration.patienceMin
        guard let failure = exchange.failure(reason, patience: patience, at: end?.at ?? context.now) else { return }
        context.counters.unansweredConnections += 1
        steps.append(.unanswered(failure.kind, since: failure.since))
    }

    private var mayBeHTTP: Bool {
        switch session.applicationProtocol {
        case nil, "h2", "http/1.1", "http/1.0": true
        default: false
        }
    }
}
