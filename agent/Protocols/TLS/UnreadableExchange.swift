import CallModel

/// Whether a server still owes an answer on a connection that cannot be read: told from the types, sizes and times of records.
///
/// A partner that completes the handshake and then hangs or resets is a failed call, though nobody can say which. An answer is owed from
/// the first record of application data that the client sent after the server's last one. Whatever is no request and no answer must
/// be passed over, and where that cannot be told apart nothing is owed, for a failure must not be invented:
///
/// - TLS 1.3 hides the types of records. The client's handshake ends with its Finished, which has a known length; where a certificate
///   comes with it in one record, what is sent before the server speaks again is not taken for a request.
/// - Session tickets follow the handshake. Up to TLS 1.2 their type is told. In TLS 1.3 two and more first records of a server that
///   are of one size are tickets (OpenSSL sends two); one alone may be an answer, and is taken for one.
/// - HTTP/2's PING, WINDOW_UPDATE, RST_STREAM, GOAWAY and acknowledged SETTINGS are short (RFC 9113, section 6), as are alerts. Records
///   with no more in them are no request, and no answer either once the server has said more.
/// - Bytes of the server's that were not captured may have been its answer.
struct UnreadableExchange {
    /// What the handshake has shown.
    struct Session {
        var version: UInt16
        var suite: CipherSuite?
        var applicationProtocol: String?
    }

    /// TLS 1.3: the server's first records, while they may all be tickets.
    private enum Tickets {
        case none
        /// It is a ticket, or the answer to what was owed.
        case one(byteCount: Int, owedSince: Instant?)
        case several(byteCount: Int)
        case over
    }

    private var toServer = RecordWalk()
    private var toClient = RecordWalk()
    /// TLS 1.3: the client's handshake is over; records that may still be of it.
    private var isClientFinished = false
    private var clientFlightCount = 0
    private var tickets = Tickets.none
    private var hasServerSpoken = false
    /// When the client sent the first of what is not answered, and the last.
    private var owedSince: Instant?
    private var lastSent = Instant.epoch
    private var clientLeft: Instant?
    private var hasServerLeft = false

    /// Two of HTTP/2's shortest frames in one record.
    fileprivate static let controlByteCountMax = 26
    /// A level and a description.
    private static let alertByteCount = 2
    /// A certificate, its proof and the end, each in a record of its own.
    private static let clientFlightMax = 3
    /// Tickets that hold a client's certificate have a few thousand.
    private static let ticketByteCountMax = 4_096

    mutating func bytesArrived(
        _ bytes: Span<UInt8>, _ direction: StreamDirection, _ session: Session, at now: Instant
    ) {
        var at = 0
        switch direction {
        case .toServer:
            while let record = toServer.next(bytes, at: &at) { clientSent(record, session, at: now) }
        case .toClient:
            while let record = toClient.next(bytes, at: &at) { serverSent(record, session) }
        }
    }

    mutating func bytesLost(_ byteCount: Int?, _ direction: StreamDirection) {
        switch direction {
        case .toServer: toServer.bytesLost(byteCount)
        case .toClient:
            toClient.bytesLost(byteCount)
            tickets = .over
            owedSince = nil
        }
    }

    mutating func halfClosed(_ direction: StreamDirection, at now: Instant) {
        switch direction {
        case .toServer: if clientLeft == nil, !hasServerLeft { clientLeft = now }
        case .toClient: hasServerLeft = true
        }
    }

    /// What became of the answer that is owed; nil where none is, or where nobody can say.
    /// - Parameter patience: who leaves before has changed its mind, or asked for nothing.
    func failure(_ reason: CloseReason, patience: Duration, at now: Instant) -> (kind: FailureKind, since: Instant)? {
        guard let owedSince else { return nil }
        var left = clientLeft
        switch reason {
        case .reset(by: .toServer): left = left ?? now
        case .finished, .reset(by: .toClient): break
        case .refused, .connectTimeout, .unreachable, .evicted, .endOfCapture: return nil
        }
        guard let left else { return (.reset, owedSince) }
        return left - lastSent >= patience ? (.responseTimeout, owedSince) : nil
    }

    // MARK: Records

    private mutating func clientSent(_ record: RecordWalk.Record, _ session: Session, at now: Instant) {
        guard session.isApplicationData(record) else { return }
        if session.isModern, !isClientFinished {
            clientFlightCount += 1
            isClientFinished = session.isFinished(record) || clientFlightCount >= Self.clientFlightMax
            return
        }
        guard session.contentByteCount(of: record) > session.controlByteCountMax else { return }
        switch tickets {
        case .none, .over: break
        // It goes on talking: what came was an answer, or all the tickets there are.
        case .one, .several: tickets = .over
        }
        if owedSince == nil { owedSince = now }
        lastSent = now
    }

    private mutating func serverSent(_ record: RecordWalk.Record, _ session: Session) {
        guard session.isApplicationData(record) else { return }
        if session.isModern {
            if !isClientFinished, clientFlightCount > 0 { isClientFinished = true }
            guard isClientFinished, !isTicket(record) else { return }
        }
        let content = session.contentByteCount(of: record)
        // What answers the start of HTTP/2 may be short.
        guard content > (hasServerSpoken ? session.controlByteCountMax : Self.alertByteCount) else { return }
        hasServerSpoken = true
        owedSince = nil
    }

    private mutating func isTicket(_ record: RecordWalk.Record) -> Bool {
        switch tickets {
        case .none where record.byteCount <= Self.ticketByteCountMax:
            tickets = .one(byteCount: record.byteCount, owedSince: owedSince)
            owedSince = nil
            return true
        case .one(record.byteCount, let before):
            tickets = .several(byteCount: record.byteCount)
            owedSince = before
            return true
        case .several(record.byteCount): return true
        case .none, .one, .several, .over:
            tickets = .over
            return false
        }
    }
}

extension UnreadableExchange.Session {
    fileprivate var isModern: Bool { version >= 0x0304 }

    /// As the wire shows it: in TLS 1.3 every encrypted record says so.
    fileprivate func isApplicationData(_ record: RecordWalk.Record) -> Bool {
        version != 0 && record.type == RecordType.applicationData
    }

    /// HTTP/2's control frames are short; HTTP/1 has none.
    fileprivate var controlByteCountMax: Int {
        let mayBeHTTP2 = isModern || applicationProtocol == "h2"
        return mayBeHTTP2 ? UnreadableExchange.controlByteCountMax : 0
    }

    /// A message of that type, its verification data as long as the hash, the type hidden behind it, and a tag.
    fileprivate func isFinished(_ record: RecordWalk.Record) -> Bool {
        guard let suite else { return record.byteCount == 53 || record.byteCount == 69 }
        return record.byteCount == 4 + suite.schedule.byteCount + 1 + suite.tagByteCount
    }

    /// The most content a record of this length may have (RFC 8446, section 5.2; RFC 5246, section 6.2.3).
    fileprivate func contentByteCount(of record: RecordWalk.Record) -> Int {
        let tagByteCount = suite?.tagByteCount ?? 16
        guard !isModern else { return record.byteCount - 1 - tagByteCount }
        switch suite?.cipher {
        // A part of the nonce goes along.
        case .aesGCM, .aesCCM: return record.byteCount - 8 - tagByteCount
        case .chaCha20Poly1305, nil: return record.byteCount - tagByteCount
        // A vector from TLS 1.1 on, a MAC, a byte of padding and its length.
        case .aesCBC(let mac): return record.byteCount - (version >= 0x0302 ? 16 : 0) - mac.byteCount - 1
        }
    }
}

extension CipherSuite {
    fileprivate var tagByteCount: Int {
        if case .aesCCM(let tagByteCount) = cipher { return tagByteCount }
        return 16
    }
}
