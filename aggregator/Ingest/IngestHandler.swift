import BatchFormat
import CallModel
import Logging
import NIOCore
import Runtime
import Synchronization
import Transport

/// Takes batches and heartbeats from agents: authenticates, bounds, decodes, has them committed, and acknowledges after that.
///
/// Runs on the event loops and never blocks them: the database is behind `Sink.commit`, which answers from a thread of its own.
public final class IngestHandler: RequestHandler {
    /// What the handler needs of the rest of the program.
    public struct Sink: Sendable {
        /// Whether this bearer token may ingest.
        public var authorize: @Sendable (_ token: String) -> Authorization
        /// Whether who proved to hold this certificate may, as this agent; nil where certificates stand for nobody.
        public var authorizeCertificate:
            (@Sendable (_ certificate: ClientCertificate, _ agentID: String?) -> Authorization)?
        /// Stores all batches in one transaction, or none; called once at a time.
        public var commit:
            @Sendable (
                _ batches: [ReceivedBatch],
                _ completion: @escaping @Sendable (Result<[BatchDisposition], any Error>) -> Void
            ) -> Void
        /// Takes a heartbeat's JSON; returns what is wrong with it, if anything.
        public var heartbeat: @Sendable (_ agentID: String, _ body: [UInt8], _ receivedAt: Instant) -> String?

        public init(
            authorize: @escaping @Sendable (String) -> Authorization,
            authorizeCertificate: (@Sendable (ClientCertificate, String?) -> Authorization)?,
            commit:
                @escaping @Sendable (
                    [ReceivedBatch], @escaping @Sendable (Result<[BatchDisposition], any Error>) -> Void
                ) -> Void,
            heartbeat: @escaping @Sendable (String, [UInt8], Instant) -> String?
        ) {
            self.authorize = authorize
            self.authorizeCertificate = authorizeCertificate
            self.commit = commit
            self.heartbeat = heartbeat
        }
    }

    /// A document made before it is asked for; whoever asks is told by its entity tag that they have it already.
    public struct Document: Sendable {
        /// One form of its bytes, under an entity tag of its own (RFC 9110, section 8.8.3), quotes included.
        public struct Representation: Sendable {
            public var body: ByteBuffer
            public var entityTag: String

            public init(_ body: ByteBuffer, entityTag: String) {
                self.body = body
                self.entityTag = entityTag
            }
        }

        public var json: Representation
        /// Nil where it is not worth it.
        public var gzip: Representation?

        public init(_ json: Representation, gzip: Representation? = nil) {
            self.json = json
            self.gzip = gzip
        }
    }

    /// What `/v1/catalogue` answers.
    public struct Catalogues: Sendable {
        /// For agents, which tell themselves by `farwatch-agent`: no more than they take from an aggregator, in the form that
        /// those of the release before read as well.
        public var forAgents: Document
        /// For everybody else.
        public var whole: Document

        public init(forAgents: Document, whole: Document) {
            self.forAgents = forAgents
            self.whole = whole
        }
    }

    public enum Authorization: Sendable, Equatable {
        case allowed
        /// No valid token or certificate, and why.
        case unknown(String)
        /// A valid one that may not ingest, and why.
        case forbidden(String)
    }

    private let configuration: IngestConfiguration
    private let sink: Sink
    private let catalogues: Mutex<Catalogues>
    private let metrics: IngestMetrics
    private let logger: Logger
    private let core: Mutex<IngestCore<Responder>>

    public init(
        _ configuration: IngestConfiguration, sink: Sink, catalogues: Catalogues, metrics: IngestMetrics, logger: Logger
    ) {
        self.configuration = configuration
        self.catalogues = Mutex(catalogues)
        self.sink = sink
        self.metrics = metrics
        self.logger = logger
        core = Mutex(IngestCore(configuration))
    }

    /// What batches that wait for the database take in memory, those of the running transaction included.
    public var waitingByteCount: Int { core.withLock { $0.waitingByteCount } }

    // MARK: Requests

    public func admit(_ head: RequestHead) -> Admission {
        let byteCountMax: Int
        var method = "POST"
        switch head.path {
        case "/v1/batches": byteCountMax = configuration.batchByteCountMax
        case "/v1/heartbeat": byteCountMax = configuration.heartbeatByteCountMax
        case "/v1/catalogue":
            byteCountMax = 0
            method = "GET"
        default:
            return refuse(
                "unknown_path", 404, "Not found", "agents talk to /v1/batches, /v1/heartbeat and /v1/catalogue")
        }
        guard head.method == method else {
            return refuse("method", 405, "Method not allowed", "use \(method)", allow: method)
        }
        switch authorization(of: head) {
        case .allowed: return .collect(byteCountMax: byteCountMax)
        case .unknown(let why): return refuse("unauthorized", 401, "Unauthorized", why)
        case .forbidden(let why): return refuse("forbidden", 403, "Forbidden", why)
        }
    }

    /// Who brings a token is judged by it alone, whatever certificate the connection has.
    private func authorization(of head: RequestHead) -> Authorization {
        if let token = bearerToken(head) {
            let answer = sink.authorize(token)
            if answer == .allowed { metrics.admittedByToken.add() }
            return answer
        }
        guard let judge = sink.authorizeCertificate else {
            return .unknown("a bearer token is needed: farwatch-aggregator token create")
        }
        guard let certificate = head.peer.certificate else {
            return .unknown(
                "a client certificate, or a bearer token, is needed: ingest.client_certificates, "
                    + "farwatch-aggregator token create")
        }
        let answer = judge(certificate, agentID(head.headers))
        if answer == .allowed { metrics.admittedByCertificate.add() }
        return answer
    }

    public func handle(_ request: Request, _ responder: Responder) {
        switch request.head.path {
        case "/v1/batches": receiveBatch(request, responder)
        case "/v1/catalogue": responder.respond(catalogue(for: request.head))
        default: receiveHeartbeat(request, responder)
        }
    }

    private func receiveBatch(_ request: Request, _ responder: Responder) {
        let bytes = Array(buffer: request.body)
        metrics.receivedBatches.add()
        metrics.receivedBytes.add(bytes.count)
        let now = Instant(nanosecondsSinceEpoch: WallClock.now())
        guard let sender = sender(request.head.headers) else {
            return responder.respond(
                problem(
                    "identity", 400, "Bad request", "farwatch-agent, farwatch-spool and farwatch-sequence are needed"))
        }
        do throws(BatchError) {
            let batch = try receivedBatch(bytes, from: sender, at: now, limits: configuration.batchLimits)
            enqueue(batch, responder)
        } catch {
            responder.respond(refusal(of: error))
        }
    }

    private func refusal(of error: BatchError) -> Response {
        switch error {
        case .unknownVersion(let version):
            var response = problem(
                "version", error.status, "Unsupported batch version", "version \(version) is not read here")
            response.headers.add("farwatch-versions", readableBatchVersions.map(String.init).joined(separator: ", "))
            return response
        case .tooLarge(let detail): return problem("too_large", error.status, "Batch too large", detail)
        case .malformed(let detail): return problem("malformed", error.status, "Malformed batch", detail)
        }
    }

    /// From now on these are answered.
    public func publish(_ new: Catalogues) { catalogues.withLock { $0 = new } }

    private func catalogue(for head: RequestHead) -> Response {
        metrics.catalogueRequests.add()
        let isAgent = head.headers[first: "farwatch-agent"] != nil
        let document = catalogues.withLock { isAgent ? $0.forAgents : $0.whole }
        let gzip = head.acceptsGzip ? document.gzip : nil
        let chosen = gzip ?? document.json
        var headers: Headers = [
            "etag": chosen.entityTag, "cache-control": "no-cache", "vary": "accept-encoding, farwatch-agent",
        ]
        if head.hasAlready(chosen.entityTag) { return Response(status: 304, headers: headers) }
        headers.add("content-type", "application/json")
        if gzip != nil { headers.add("content-encoding", "gzip") }
        return Response(status: 200, headers: headers, body: chosen.body)
    }

    private func receiveHeartbeat(_ request: Request, _ responder: Responder) {
        let now = Instant(nanosecondsSinceEpoch: WallClock.now())
        guard let agentID = agentID(request.head.headers) else {
            return responder.respond(problem("identity", 400, "Bad request", "the header farwatch-agent is needed"))
        }
        if let complaint = sink.heartbeat(agentID, Array(buffer: request.body), now) {
            return responder.respond(problem("malformed", 400, "Malformed heartbeat", complaint))
        }
        metrics.heartbeats.add()
        responder.respond(Response(status: 204, headers: Headers(), body: ByteBuffer()))
    }

    // MARK: Flushing

    private func enqueue(_ batch: ReceivedBatch, _ responder: Responder) {
        switch core.withLock({ $0.batchArrived(batch, responder) }) {
        case .queued: return
        case .flushAfter(let linger):
            _ = responder.eventLoop.scheduleTask(in: .nanoseconds(linger.nanoseconds)) { self.flush() }
        case .full:
            responder.respond(comeBack("busy", "Busy", "the database is behind; keep the batch and come back"))
        }
    }

    private func flush() {
        let batches = core.withLock { $0.flushDue() }
        let began = MonotonicClock.now()
        sink.commit(batches) { result in
            switch result {
            case .success(let dispositions):
                self.metrics.flushes.add()
                self.metrics.flushSeconds.observe(Double(MonotonicClock.now() - began) / 1e9)
                self.flushEnded(dispositions)
            case .failure(let error):
                self.metrics.failedFlushes.add()
                self.logger.error(
                    "batches were not stored", metadata: ["error": "\(error)", "batches": "\(batches.count)"])
                self.flushEnded(nil)
            }
        }
    }

    private func flushEnded(_ dispositions: [BatchDisposition]?) {
        let (answers, flushNow) = core.withLock { $0.flushEnded(dispositions) }
        for answered in answers { answered.waiter.respond(response(answered.answer, to: answered.batch)) }
        if flushNow { flush() }
    }

    private func response(_ answer: BatchAnswer, to batch: ReceivedBatch) -> Response {
        switch answer {
        case .stored:
            metrics.storedBatches.add()
            metrics.storedCalls.add(batch.metadata.callCount)
            metrics.shedCalls.add(batch.shedCallCount)
        case .seenBefore: metrics.duplicateBatches.add()
        case .notStored: return comeBack("database", "Not stored", "the database did not take the batch")
        case .unstorable:
            log("a batch cannot be stored", batch)
            return problem("unstorable", answer.status, "Cannot be stored", "the database refuses what is in it")
        case .conflict:
            metrics.conflictingBatches.add()
            log("a batch came with the identity of another", batch)
            return problem(
                "conflict", answer.status, "Conflict", "this sequence of this spool was received with other contents")
        }
        return Response(status: answer.status, headers: Headers(), body: ByteBuffer())
    }

    private func comeBack(_ reason: String, _ title: String, _ detail: String) -> Response {
        var response = problem(reason, BatchAnswer.notStored.status, title, detail)
        response.headers.add("retry-after", String(configuration.retryAfterSeconds))
        return response
    }

    private func log(_ message: Logger.Message, _ batch: ReceivedBatch) {
        logger.error(
            message,
            metadata: [
                "agent": "\(batch.identity.agentID)", "spool": "\(batch.identity.spoolID.hex)",
                "sequence": "\(batch.identity.sequence)",
            ])
    }

    // MARK: Headers

    private func sender(_ headers: Headers) -> BatchSender? {
        guard let agentID = agentID(headers), let spool = headers[first: "farwatch-spool"].flatMap(SpoolID.init(hex:)),
            let sequence = headers[first: "farwatch-sequence"].flatMap(UInt64.init), sequence > 0,
            sequence <= UInt64(Int64.max)
        else { return nil }
        let sentAt = headers[first: "farwatch-sent"].flatMap(Int64.init).map(Instant.init(millisecondsSinceEpoch:))
        return BatchSender(
            identity: BatchIdentity(agentID: agentID, spoolID: spool, sequence: sequence),
            floor: headers[first: "farwatch-floor"].flatMap(UInt64.init) ?? 0, sentAt: sentAt)
    }

    private func agentID(_ headers: Headers) -> String? {
        guard let agentID = headers[first: "farwatch-agent"], !agentID.isEmpty,
            agentID.utf8.count <= BatchIdentity.agentIDByteCountMax,
            agentID.utf8.allSatisfy({ (33...126).contains($0) })
        else { return nil }
        return agentID
    }

    private func problem(_ reason: String, _ status: Int, _ title: String, _ detail: String) -> Response {
        metrics.refuse(reason)
        return Response.problem(status: status, title: title, detail: detail)
    }

    private func refuse(
        _ reason: String, _ status: Int, _ title: String, _ detail: String, allow: String? = nil
    ) -> Admission {
        var response = problem(reason, status, title, detail)
        if let allow { response.headers.add("allow", allow) }
        if status == 401 { response.headers.add("www-authenticate", "Bearer") }
        return .refuse(response)
    }
}

/// The token of `authorization: Bearer …` (RFC 6750, section 2.1).
private func bearerToken(_ head: RequestHead) -> String? {
    guard let value = head.headers[first: "authorization"] else { return nil }
    let parts = value.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
    return String(parts[1])
}
