import CallModel
import NIOCore
import Runtime
import Synchronization
import Transport

/// Takes calls from senders on this host: OTLP traces at `/v1/traces`, Moesif's events at `/v1/events`, the native form at
/// `/v1/calls`.
///
/// A request is judged by its head, decompressed within a bound, decoded, handed to the sink, and answered when the
/// sink has said what became of it: after the write to the spool. Small bodies are decoded on the event loop, larger
/// ones on one thread of their own, so that a decompression bomb costs nobody else's time and no more than the bound.
/// Nothing is retried here: a sender that hears 503 keeps its calls and comes again.
public final class ReceiverHandler: RequestHandler {
    private static let documentBodyByteCountMax = 4 << 10

    /// What requests are dealt with by. Replaced whole; a request that has begun is finished by what it began with.
    private final class Setup: Sendable {
        let configuration: ReceiverConfiguration
        let routes: ReceiverRoutes
        let tools: ToolPool

        init(_ configuration: ReceiverConfiguration) {
            self.configuration = configuration
            let otlp = OTLPReceiver()
            routes = ReceiverRoutes(
                [
                    otlp, NativeReceiver(configuration: configuration), MoesifReceiver(configuration: configuration),
                    MoesifEntities(configuration: configuration),
                ], otlp: otlp, tokens: configuration.tokens)
            tools = ToolPool(configuration)
        }
    }

    private let setup: Mutex<Setup>
    private let worker: WorkerThread
    private let metrics: ReceiverMetrics
    private let sink: CallSink
    private let now: @Sendable () -> Instant

    /// - Parameters:
    ///   - now: the host's wall clock.
    ///   - sink: see `CallSink`.
    public init(
        configuration: ReceiverConfiguration, metrics: ReceiverMetrics,
        now: @escaping @Sendable () -> Instant = { Instant(nanosecondsSinceEpoch: WallClock.now()) },
        sink: @escaping CallSink
    ) throws(WorkerError) {
        setup = Mutex(Setup(configuration))
        self.metrics = metrics
        self.now = now
        self.sink = sink
        worker = try WorkerThread(name: "fw-receive", queueMax: configuration.waitingMax)
    }

    /// Requests from now on are dealt with by this: tokens, bounds, where customers are told. `waitingMax` stays what it was.
    public func use(_ configuration: ReceiverConfiguration) {
        let next = Setup(configuration)
        setup.withLock { $0 = next }
    }

    private var current: Setup { setup.withLock { $0 } }

    public func admit(_ head: RequestHead) -> Admission {
        let setup = current
        do throws(ReceiverRoutes.Refused) {
            // A document has no use for a body, but what is sent of one must be read.
            if try setup.routes.document(for: head) != nil {
                return .collect(byteCountMax: Self.documentBodyByteCountMax)
            }
            _ = try setup.routes.plan(for: head)
            return .collect(byteCountMax: setup.configuration.bodyByteCountMax)
        } catch {
            return .refuse(refused(error))
        }
    }

    public func oversized(_ head: RequestHead, byteCountMax: Int) -> Response {
        let refusal = Refusal(.tooLarge, "the body is larger than \(byteCountMax) bytes")
        do throws(ReceiverRoutes.Refused) {
            let plan = try current.routes.plan(for: head)
            return refused(.init(refusal: refusal, receiver: plan.receiver, format: plan.format))
        } catch {
            return refused(.init(refusal: refusal, receiver: error.receiver, format: error.format))
        }
    }

    public func handle(_ request: Request, _ responder: Responder) {
        let setup = current
        let plan: ReceiverRoutes.Plan
        do throws(ReceiverRoutes.Refused) {
            if let receiver = try setup.routes.document(for: request.head) {
                return responder.respond(receiver.document(request.head.path, request.head))
            }
            plan = try setup.routes.plan(for: request.head)
        } catch {
            return responder.respond(refused(error))
        }
        let counters = metrics[plan.receiver.kind]
        counters.receivedRequests.add()
        counters.receivedBytes.add(request.body.readableBytes)
        let work = Work(request: request, plan: plan, setup: setup, receivedAt: now(), responder: responder)
        if request.body.readableBytes <= setup.configuration.inlineByteCountMax {
            let outcome = decode(work, byteCountMax: setup.configuration.inlineByteCountMax)
            // A small body that decompresses to more than may be done here goes the long way.
            guard case .failure(let refusal) = outcome, refusal.reason == .tooLarge else {
                return finish(work, outcome)
            }
        }
        do throws(WorkerError) {
            try worker.submit { [self] in
                metrics.waiting.set(Double(worker.waitingCount))
                finish(work, decode(work, byteCountMax: setup.configuration.bodyByteCountMax))
            }
            metrics.waiting.set(Double(worker.waitingCount))
        } catch {
            refuse(
                work, Refusal(.busy, "too many requests wait to be read", retryAfter: setup.configuration.retryAfter))
        }
    }

    private struct Work: Sendable {
        var request: Request
        var plan: ReceiverRoutes.Plan
        var setup: Setup
        var receivedAt: Instant
        var responder: Responder
    }

    private func decode(_ work: Work, byteCountMax: Int) -> Result<DecodedRequest, Refusal> {
        let plan = work.plan
        return work.request.body.withUnsafeReadableBytes { received in
            // No bytes are no calls, whatever they are said to be compressed with.
            let coding = received.isEmpty ? .identity : plan.coding
            do throws(Refusal) {
                return try coding.withDecoded(received, byteCountMax: byteCountMax) { bytes in
                    work.setup.tools.lend { plan.receiver.decode(bytes, plan.format, now: work.receivedAt, with: &$0) }
                }
            } catch {
                return .failure(error)
            }
        }
    }

    /// - Parameter outcome: given away, so that the calls in it can be changed in place.
    private func finish(_ work: Work, _ outcome: consuming Result<DecodedRequest, Refusal>) {
        switch consume outcome {
        case .failure(let refusal): refuse(work, refusal)
        case .success(var decoded):
            nameHosts(of: &decoded, from: work.plan.receiver.kind, work.setup.configuration)
            guard !decoded.calls.isEmpty || decoded.taken != nil else {
                return finish(work, decoded, .stored(kept: 0, notOurs: 0, suppressed: 0, rejections: []))
            }
            var context = ReceiveContext(
                receiver: work.plan.receiver.kind, peer: work.request.head.peer, receivedAt: work.receivedAt)
            context.taken = decoded.handOverTaken()
            sink(decoded.handOverCalls(), context) { [self, decoded] result in finish(work, decoded, result) }
        }
    }

    /// A call is of this host unless the sender may speak for others.
    private func nameHosts(
        of decoded: inout DecodedRequest, from kind: ReceiverKind, _ configuration: ReceiverConfiguration
    ) {
        var replacedCount = decoded.taken?.replacedHostCount ?? 0
        for index in decoded.calls.indices {
            let named = decoded.calls[index].host
            if named == configuration.hostName || named != nil && configuration.trustHost { continue }
            if named != nil { replacedCount += 1 }
            decoded.calls[index].host = configuration.hostName
        }
        metrics[kind].replacedHosts.add(replacedCount)
    }

    private func finish(_ work: Work, _ decoded: DecodedRequest, _ result: SinkResult) {
        let plan = work.plan
        switch result {
        case .stored(let kept, let notOurs, let suppressed, let rejections):
            var decoded = decoded
            decoded.add(rejections, keeping: work.setup.configuration.rejectionsToldMax)
            count(decoded, from: plan.receiver.kind)
            let stored = StoredCounts(kept: kept, notOurs: notOurs, suppressed: suppressed)
            work.responder.respond(plan.receiver.answer(decoded, stored: stored, plan.format))
        case .pushBack(let retryAfter):
            refuse(work, Refusal(.busy, "there is no room for more calls now", retryAfter: retryAfter))
        case .failed(let detail):
            refuse(work, Refusal(.failed, detail, retryAfter: work.setup.configuration.retryAfter))
        }
    }

    /// Counted when the answer is certain: a request that comes again is then not counted twice.
    private func count(_ decoded: DecodedRequest, from kind: ReceiverKind) {
        let counters = metrics[kind]
        counters.acceptedRequests.add()
        counters.receivedCalls.add(decoded.receivedCount)
        counters.acceptedCalls.add(decoded.acceptedCount)
        counters.letGoSpans.add(decoded.letGoCount)
        counters.cutValues.add(decoded.cutCount)
        counters.droppedBodies.add(decoded.droppedBodyCount)
        counters.ignoredFields.add(decoded.ignoredFieldCount)
        metrics.callsRejected(kind, decoded.rejectedCounts)
    }

    private func refuse(_ work: Work, _ refusal: Refusal) {
        work.responder.respond(
            refused(.init(refusal: refusal, receiver: work.plan.receiver, format: work.plan.format)))
    }

    private func refused(_ refused: ReceiverRoutes.Refused) -> Response {
        metrics.requestRejected(refused.receiver?.kind, refused.refusal.reason)
        return refused.response
    }
}
