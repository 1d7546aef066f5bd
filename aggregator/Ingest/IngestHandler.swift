import BatchFormat
import CallModel
import Crypto
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
            commit:
                @escaping @Sendable (
                    [ReceivedBatch], @escaping @Sendable (Result<[BatchDisposition], any Error>) -> Void
                ) -> Void,
            heartbeat: @escaping @Sendable (String, [UInt8], Instant) -> String?
        ) {
            self.authorize = authorize
            self.commit = commit
            self.heartbeat = heartbeat
        }
    }

    public enum Authorization: Sendable {
        case allowed
        /// No valid token.
        case unknown
        /// A valid token that may not ingest.
        case forbidden
    }

    private let configuration: IngestConfiguration
    private let sink: Sink
    private let metrics: IngestMetrics
    private let logger: Logger
    private let queue: Mutex<FlushQueue<Responder>>

    public init(_ configuration: IngestConfiguration, sink: Sink, metrics: IngestMetrics, logger: Logger) {
        self.configuration = configuration
        self.sink = sink
        self.metrics = metrics
        self.logger = logger
        queue = Mutex(FlushQueue(configuration))
    }

    /// Bytes of batches that wait for the database, those of the running transaction included.
    public var waitingByteCount: Int { queue.withLock { $0.byteCount } }

    // MARK: Requests

    public func admit(_ head: RequestHead) -> Admission {
        let byteCountMax: Int
        switch head.path {
        case "/v1/batches": byteCountMax = configuration.batchByteCountMax
        case "/v1/heartbeat": byteCountMax = configuration.heartbeatByteCountMax
        default: return refuse("unknown_path", 404, "Not found", "agents talk to /v1/batches and /v1/heartbeat")
        }
        guard head.method == "POST" else {
            return refuse("method", 405, "Method not allowed", "use POST", allow: "POST")
        }
        guard let token = bearerToken(head) else {
            return refuse(
                "unauthorized", 401, "Unauthorized", "a bearer token is needed: farwatch-aggregator token create")
        }
        switch sink.authorize(token) {
        case .allowed: return .collect(byteCountMax: byteCountMax)
        case .unknown: return refuse("unauthorized", 401, "Unauthorized", "the token is unknown, expired or revoked")
        case .forbidden: return refuse("forbidden", 403, "Forbidden", "the token lacks the scope `ingest`")
        }
    }

    public func handle(_ request: Request, _ responder: Responder) {
        switch request.head.path {
        case "/v1/batches": receiveBatch(request, responder)
        default: receiveHeartbeat(request, responder)
        }
    }

    private func receiveBatch(_ request: Request, _ responder: Responder) {
        let bytes = Array(buffer: request.body)
        metrics.receivedBatches.add()
        metrics.receivedBytes.add(bytes.count)
        let now = Instant(nanosecondsSinceEpoch: WallClock.now())
        guard let identity = identity(request.head.headers) else {
            return responder.respond(
                problem(
                    "identity", 400, "Bad request", "farwatch-agent, farwatch-spool and farwatch-sequence are needed"))
        }
        let batch: ReceivedBatch
        do {
            let reader = try BatchReader(bytes, limits: configuration.batchLimits)
            guard reader.isSealed else { throw BatchError.malformed("not compressed") }
            batch = ReceivedBatch(
                identity: identity, checksum: Array(SHA256.hash(data: bytes).prefix(16)),
                floor: request.head.headers[first: "farwatch-floor"].flatMap(UInt64.init) ?? 0,
                sentAt: request.head.headers[first: "farwatch-sent"].flatMap(Int64.init).map(
                    Instant.init(millisecondsSinceEpoch:)),
                receivedAt: now, metadata: try reader.metadata(), payloads: reader.payloads, byteCount: bytes.count)
        } catch {
            return responder.respond(refusal(of: error as? BatchError))
        }
        enqueue(batch, responder)
    }

    private func refusal(of error: BatchError?) -> Response {
        switch error {
        case .unknownVersion(let version):
            var response = problem("version", 415, "Unsupported batch version", "version \(version) is not read here")
            response.headers.add("farwatch-versions", readableBatchVersions.map(String.init).joined(separator: ", "))
            return response
        case .tooLarge(let detail): return problem("too_large", 413, "Batch too large", detail)
        case .malformed(let detail): return problem("malformed", 400, "Malformed batch", detail)
        case nil: return problem("malformed", 400, "Malformed batch", "unreadable")
        }
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
        switch queue.withLock({ $0.batchArrived(.init(batch: batch, waiter: responder)) }) {
        case .queued: return
        case .scheduleFlush:
            _ = responder.eventLoop.scheduleTask(in: .nanoseconds(configuration.flushLinger.nanoseconds)) {
                self.flush()
            }
        case .full:
            var response = problem("busy", 503, "Busy", "the database is behind; keep the batch and come back")
            response.headers.add("retry-after", String(configuration.retryAfterSeconds))
            responder.respond(response)
        }
    }

    private func flush() {
        let entries = queue.withLock { $0.flushBegan() }
        commit(entries) { self.flushEnded(entries) }
    }

    private func flushEnded(_ entries: [FlushQueue<Responder>.Entry]) {
        if queue.withLock({ $0.flushEnded(entries) }) { flush() }
    }

    private func commit(_ entries: [FlushQueue<Responder>.Entry], then done: @escaping @Sendable () -> Void) {
        let began = MonotonicClock.now()
        sink.commit(entries.map(\.batch)) { result in
            switch result {
            case .success(let dispositions):
                self.metrics.flushes.add()
                self.metrics.flushSeconds.observe(Double(MonotonicClock.now() - began) / 1e9)
                for (entry, disposition) in zip(entries, dispositions) { self.acknowledge(entry, disposition) }
            case .failure(let error):
                self.metrics.failedFlushes.add()
                self.logger.error(
                    "batches were not stored", metadata: ["error": "\(error)", "batches": "\(entries.count)"])
                for entry in entries { self.askToRetry(entry) }
            }
            done()
        }
    }

    private func acknowledge(_ entry: FlushQueue<Responder>.Entry, _ disposition: BatchDisposition) {
        switch disposition {
        case .stored:
            metrics.storedBatches.add()
            metrics.storedCalls.add(entry.batch.metadata.callCount)
        case .seenBefore: metrics.duplicateBatches.add()
        case .failed: return askToRetry(entry)
        case .conflict:
            metrics.conflictingBatches.add()
            logger.error(
                "a batch came with the identity of another",
                metadata: [
                    "agent": "\(entry.batch.identity.agentID)", "spool": "\(entry.batch.identity.spoolID.hex)",
                    "sequence": "\(entry.batch.identity.sequence)",
                ])
            return entry.waiter.respond(
                problem("conflict", 409, "Conflict", "this sequence of this spool was received with other contents"))
        }
        entry.waiter.respond(Response(status: 200, headers: Headers(), body: ByteBuffer()))
    }

    private func askToRetry(_ entry: FlushQueue<Responder>.Entry) {
        var response = problem("database", 503, "Not stored", "the database did not take the batch")
        response.headers.add("retry-after", String(configuration.retryAfterSeconds))
        entry.waiter.respond(response)
    }

    // MARK: Headers

    private func identity(_ headers: Headers) -> BatchIdentity? {
        guard let agentID = agentID(headers), let spool = headers[first: "farwatch-spool"].flatMap(SpoolID.init(hex:)),
            let sequence = headers[first: "farwatch-sequence"].flatMap(UInt64.init), sequence > 0,
            sequence <= UInt64(Int64.max)
        else { return nil }
        return BatchIdentity(agentID: agentID, spoolID: spool, sequence: sequence)
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
