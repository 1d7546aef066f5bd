import BatchFormat
import Logging
import NIOCore
import Runtime
import Synchronization
import Transport

/// What the forwarder needs of the spool.
public struct ForwarderSource: Sendable {
    public struct Batch: Sendable {
        public var sequence: UInt64
        public var callCount: Int

        public init(sequence: UInt64, callCount: Int) {
            self.sequence = sequence
            self.callCount = callCount
        }
    }

    /// At most so many sealed batches after a sequence, in order.
    public var pending: @Sendable (_ after: UInt64, _ limit: Int) async -> [Batch]
    public enum Reading: Sendable {
        case bytes([UInt8])
        /// It is damaged, or not there any more: the spool has put it away.
        case damaged
        /// The disk refused; another time.
        case unread
    }

    public var read: @Sendable (_ sequence: UInt64) async -> Reading
    public var acknowledge: @Sendable (_ sequence: UInt64) async -> Void
    public var setAside: @Sendable (_ sequence: UInt64) async -> Void
    /// Below it everything is acknowledged.
    public var floor: @Sendable () -> UInt64
    /// Nil while the spool could not be opened; then it has no batches either.
    public var spoolID: @Sendable () -> SpoolID?

    public init(
        pending: @escaping @Sendable (UInt64, Int) async -> [Batch],
        read: @escaping @Sendable (UInt64) async -> Reading, acknowledge: @escaping @Sendable (UInt64) async -> Void,
        setAside: @escaping @Sendable (UInt64) async -> Void, floor: @escaping @Sendable () -> UInt64,
        spoolID: @escaping @Sendable () -> SpoolID?
    ) {
        self.pending = pending
        self.read = read
        self.acknowledge = acknowledge
        self.setAside = setAside
        self.floor = floor
        self.spoolID = spoolID
    }
}

/// Brings sealed batches to the aggregator: one loop that feeds `ForwarderCore` and does what it says.
public actor Forwarder {
    private var configuration: ForwarderConfiguration
    private let source: ForwarderSource
    private let agentID: String
    private var token: Secret?
    private let heartbeat: (@Sendable () -> [UInt8])?
    private let metrics: ForwarderMetrics
    private let logger: Logger
    private let group: any EventLoopGroup
    private var clients: [HTTPClient]
    /// Of endpoints that were replaced: each ends when what it had under way is answered.
    private var retiring: [Task<Void, Never>] = []
    private var core: ForwarderCore
    private var callCounts: [UInt64: Int] = [:]
    private var lastTrouble: String?
    /// Whether the last batch was not taken: then an aggregator that hears heartbeats still serves nobody.
    private var isHeldUp = false
    private nonisolated let lastAnswer = Atomic(MonotonicClock.now())
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    /// - Parameter heartbeat: makes the JSON body of a heartbeat; nil sends none.
    public init(
        _ configuration: ForwarderConfiguration, source: ForwarderSource, agentID: String, token: Secret?,
        heartbeat: (@Sendable () -> [UInt8])?, metrics: ForwarderMetrics, group: any EventLoopGroup, logger: Logger
    ) {
        self.configuration = configuration
        self.source = source
        self.agentID = agentID
        self.token = token
        self.heartbeat = heartbeat
        self.metrics = metrics
        self.logger = logger
        self.group = group
        core = ForwarderCore(configuration, agentID: agentID)
        clients = Self.clients(configuration, group)
        (signals, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    private static func clients(_ configuration: ForwarderConfiguration, _ group: any EventLoopGroup) -> [HTTPClient] {
        configuration.endpoints.enumerated().map { index, endpoint in
            var client = ClientConfiguration()
            client.proxy = configuration.proxies[index]
            client.responseByteCountMax = configuration.responseByteCountMax
            client.connectionAgeMax = configuration.connectionAgeMax
            return HTTPClient(
                endpoint: endpoint, tls: endpoint.isTLS ? configuration.tls : nil, configuration: client, group: group)
        }
    }

    /// Goes on with other endpoints, certificates, proxies or another token, at once, whatever wait the old ones had earned. What is
    /// under way is answered by whom it was sent to.
    public func use(_ configuration: ForwarderConfiguration, token: Secret?) {
        self.configuration = configuration
        self.token = token
        let old = clients
        clients = Self.clients(configuration, group)
        core.use(configuration, agentID: agentID)
        let patience = configuration.requestTimeout
        retiring.append(
            Task {
                try? await Task.sleep(for: patience)  // Cancelled when the forwarder stops: then they end at once.
                for client in old { await client.shutdown() }
            })
        if retiring.count > Self.retiringMax { retiring.removeFirst().cancel() }
        lastTrouble = nil
        wake()
    }

    /// Sets of old connections that may be left while their last answers come; beyond it the oldest are cut.
    private static let retiringMax = 8

    /// Batches were sealed. Callable from anywhere.
    public nonisolated func wake() { signal.yield() }

    /// When an aggregator last took a batch, or a heartbeat while no batch was turned away, or the forwarder was made: by the monotonic clock, nanoseconds.
    public nonisolated var lastAnswerNs: Int64 { lastAnswer.load(ordering: .relaxed) }

    /// Runs until the task is cancelled; then lets what is under way finish for a while.
    public func run() async {
        await withTaskGroup(of: Void.self) { group in
            if heartbeat != nil { group.addTask { await self.sendHeartbeats() } }
            group.addTask { await self.forward() }
        }
        for client in clients { await client.shutdown() }
        for task in retiring {
            task.cancel()
            await task.value
        }
    }

    private func forward() async {
        wake()
        var alarm: Task<Void, Never>?
        await withTaskGroup(of: Void.self) { sends in
            for await _ in signals {
                alarm?.cancel()
                await pull()
                for sequence in core.next(at: MonotonicClock.now()) {
                    let client = clients[core.endpoint]
                    // Unstructured, so that cancelling the loop does not cut off a batch that is being committed.
                    sends.addTask { await Task { await self.send(sequence, by: client) }.value }
                }
                alarm = core.nextDeadline.map { deadline in
                    Task { [signal] in
                        let wait = Duration.nanoseconds(max(1_000_000, deadline - MonotonicClock.now()))
                        // A cancelled one keeps silent: its signal would cancel the next, and so on without end.
                        guard (try? await Task.sleep(for: wait)) != nil else { return }
                        signal.yield()
                    }
                }
            }
            alarm?.cancel()
        }
    }

    /// Learns of every sealed batch, in pages.
    private func pull() async {
        while true {
            let batches = await source.pending(core.offeredUpTo, Self.pageSize)
            for batch in batches { callCounts[batch.sequence] = batch.callCount }
            core.offered(batches.map(\.sequence))
            if batches.count < Self.pageSize { return }
        }
    }

    private static let pageSize = 256

    private func send(_ sequence: UInt64, by client: HTTPClient) async {
        let answer: ForwarderCore.Answer
        var byteCount = 0
        switch await source.read(sequence) {
        case .bytes(let bytes):
            byteCount = bytes.count
            answer = await post(bytes, sequence, by: client)
        case .damaged: answer = .damaged
        case .unread: answer = .unread
        }
        let verdict = core.answered(
            sequence, answer, at: MonotonicClock.now(), random: Double.random(in: 0..<1))
        switch verdict {
        case .acknowledge:
            metrics.forwarded(calls: callCounts.removeValue(forKey: sequence) ?? 0, bytes: byteCount)
            await source.acknowledge(sequence)
            isHeldUp = false
            noteTrouble(nil)
        case .setAside(let status):
            callCounts[sequence] = nil
            isHeldUp = false
            metrics.refused(status)
            logger.error(
                "the aggregator refused a batch for good; it is set aside",
                metadata: ["sequence": "\(sequence)", "status": "\(status)"])
            await source.setAside(sequence)
        case .forget:
            callCounts[sequence] = nil
            isHeldUp = false
        case .keep:
            // Our own disk is no trouble of the aggregator's.
            if case .unread = answer {} else { isHeldUp = true }
            metrics.retries.add()
        }
        signal.yield()
    }

    private func post(_ bytes: [UInt8], _ sequence: UInt64, by client: HTTPClient) async -> ForwarderCore.Answer {
        guard let spoolID = source.spoolID() else { return .failed }
        var headers = identity
        headers.add("farwatch-spool", spoolID.hex)
        headers.add("farwatch-sequence", String(sequence))
        headers.add("farwatch-floor", String(source.floor()))
        headers.add("content-type", "application/vnd.farwatch.batch")
        do {
            let response = try await client.send(
                ClientRequest(
                    method: "POST", path: "/v1/batches", headers: headers, body: ByteBuffer(bytes: bytes),
                    timeout: configuration.requestTimeout))
            if (200...299).contains(response.status) {
                lastAnswer.store(MonotonicClock.now(), ordering: .relaxed)
            } else {
                let detail = String(String(buffer: response.body).prefix(300))
                noteTrouble("\(client.endpoint) answers \(response.status): \(detail)")
            }
            return .status(response.status, retryAfter: retryAfter(response.headers))
        } catch {
            noteTrouble("\(error)")
            return .failed
        }
    }

    /// The bearer token, who we are, and our clock, by which the aggregator knows how far it is off.
    private var identity: Headers {
        var headers = Headers()
        if let token { headers.add("authorization", "Bearer " + token.reveal) }
        headers.add("farwatch-agent", agentID)
        headers.add("farwatch-sent", String(WallClock.now() / 1_000_000))
        return headers
    }

    /// Asks the aggregator that is in use for a document; 304 where it is the one with this entity tag.
    public func fetch(path: String, entityTag: String?) async throws(TransportError) -> ClientResponse {
        var headers = identity
        if let entityTag { headers.add("if-none-match", entityTag) }
        return try await clients[core.endpoint].send(
            ClientRequest(method: "GET", path: path, headers: headers, timeout: configuration.heartbeatInterval))
    }

    private func sendHeartbeats() async {
        while !Task.isCancelled {
            var headers = identity
            headers.add("content-type", "application/json")
            do {
                let response = try await clients[core.endpoint].send(
                    ClientRequest(
                        method: "POST", path: "/v1/heartbeat", headers: headers,
                        body: ByteBuffer(bytes: heartbeat?() ?? []), timeout: configuration.heartbeatInterval))
                if (200...299).contains(response.status), !isHeldUp {
                    lastAnswer.store(MonotonicClock.now(), ordering: .relaxed)
                }
            } catch {
                metrics.lostHeartbeats.add()
            }
            do {
                try await Task.sleep(for: configuration.heartbeatInterval)
            } catch {
                return  // Cancelled.
            }
        }
    }

    /// One line when the way closes, one when it opens again.
    private func noteTrouble(_ trouble: String?) {
        if let trouble, lastTrouble == nil {
            logger.warning("calls cannot be forwarded; they are kept", metadata: ["reason": "\(trouble)"])
        } else if trouble == nil, lastTrouble != nil {
            logger.notice("calls are forwarded again")
        }
        lastTrouble = trouble
    }
}

/// `Retry-After` in seconds (RFC 9110, section 10.2.3); its date form is left to the backoff.
private func retryAfter(_ headers: Headers) -> Duration? {
    headers[first: "retry-after"].flatMap { Int64($0) }.flatMap { $0 >= 0 ? .seconds(min($0, 86_400)) : nil }
}
