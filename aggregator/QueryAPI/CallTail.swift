import CallJSON
import CallModel
import Documents
import Logging
import NIOCore
import Runtime
import Storage
import Synchronization
import Transport

/// Streams of calls as they arrive: one reader of the database for all of them, which runs while there is anybody to read for.
///
/// A reader who is slow costs nobody else anything: what his connection does not take is dropped and counted, and he is told
/// by `event: sampling`. A reader who comes back with `Last-Event-ID` gets what arrived since, as far as ten minutes back.
final class CallTail: Sendable {
    static let eventsPerSecondMax = 200
    private static let roundTime: Duration = .milliseconds(500)
    private static let keepAliveTime: Duration = .seconds(15)
    private static let resumeMax: Duration = .seconds(600)

    private final class Subscriber: Sendable {
        struct State {
            var sampler = StreamSampler(eventsPerSecondMax: CallTail.eventsPerSecondMax)
            /// What was sent from the past, so that it is not sent again.
            var resent: Set<ArrivalCursor> = []
        }

        let stream = BodyStream()
        let filter: CallFilter
        let maySeeContent: Bool
        let state = Mutex(State())

        init(_ request: APIRequest) {
            filter = callFilter(request)
            maySeeContent = request.maySeeContent
        }
    }

    private struct State {
        var subscribers: [ObjectIdentifier: Subscriber] = [:]
        var isRunning = false
    }

    private let sources: QuerySources
    private let logger: Logger
    private let state = Mutex(State())
    private let explainer = StreamExplainer()
    private let sentEvents: Counter
    private let droppedEvents: Counter

    init(_ sources: QuerySources, metrics: MetricsRegistry, logger: Logger) {
        self.sources = sources
        self.logger = logger
        sentEvents = metrics.counter(
            "farwatch_stream_events_sent_total", help: "Calls sent to readers of /api/v1/calls/stream.")
        droppedEvents = metrics.counter(
            "farwatch_stream_events_dropped_total",
            help: "Calls that matched a stream and were left out of it: sampled, or the reader was slow.")
        metrics.gauge(
            "farwatch_stream_readers", help: "Open readers of /api/v1/calls/stream.",
            read: { [weak self] in Double(self?.state.withLock { $0.subscribers.count } ?? 0) })
    }

    /// Opens a stream for a request whose parameters were checked.
    func open(_ request: APIRequest) -> Response {
        let subscriber = Subscriber(request)
        if subscriber.maySeeContent { sources.audit(request.who, "opened a stream of calls with bodies", "{}") }
        let headers: Headers = [
            "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no",
        ]
        var response = Response(status: 200, headers: headers)
        response.stream = subscriber.stream
        var hello = JSONWriter()
        hello.object {
            $0.member("as_of", request.now)
            $0.member("events_per_second_max", Self.eventsPerSecondMax)
        }
        _ = subscriber.stream.offer(ServerSentEvent.bytes(event: "open", id: nil, data: hello.bytes))
        let resume = (request.query["last_event_id"] ?? request.head.headers[first: "last-event-id"]).flatMap {
            ArrivalCursor(text: $0)
        }
        let id = ObjectIdentifier(subscriber)
        subscriber.stream.whenOver { [weak self] in
            self?.state.withLock { _ = $0.subscribers.removeValue(forKey: id) }
        }
        Task {
            if let resume { await self.resend(after: resume, to: subscriber, now: request.now) }
            self.add(subscriber, id)
        }
        return response
    }

    private func add(_ subscriber: Subscriber, _ id: ObjectIdentifier) {
        guard !subscriber.stream.isOver else { return }
        let mustStart = state.withLock { state in
            state.subscribers[id] = subscriber
            defer { state.isRunning = true }
            return !state.isRunning
        }
        // It may have ended in between.
        if subscriber.stream.isOver { state.withLock { _ = $0.subscribers.removeValue(forKey: id) } }
        if mustStart { Task { await self.run() } }
    }

    private func resend(after cursor: ArrivalCursor, to subscriber: Subscriber, now: Instant) async {
        do {
            let calls = try await sources.arrivalsSince(cursor, now - Self.resumeMax)
            let matching = Self.matching(calls, subscriber)
            subscriber.state.withLock { $0.resent = Set(matching.map(\.arrival)) }
            for call in matching { send(call, to: subscriber) }
        } catch {
            logger.warning("a stream could not be resumed", metadata: ["error": "\(error)"])
        }
    }

    // MARK: The reader of the database

    private func run() async {
        // A little back: what was committed while the stream was being opened.
        var position = ArrivalPosition(
            since: Instant(nanosecondsSinceEpoch: WallClock.now()) - Self.roundTime * 2)
        var round = MonotonicClock.now()
        var keptAlive = round
        var hasFailed = false
        Task { await self.warm() }
        while true {
            let isDone = state.withLock { state in
                state.isRunning = !state.subscribers.isEmpty
                return !state.isRunning
            }
            if isDone { return explainer.forget() }
            let now = MonotonicClock.now()
            let elapsed = Duration.nanoseconds(now - round)
            round = now
            do {
                let arrivals = try await sources.arrivals(position)
                position = arrivals.position
                hasFailed = false
                deliver(arrivals, elapsed: elapsed)
            } catch {
                if !hasFailed { logger.warning("arriving calls cannot be read", metadata: ["error": "\(error)"]) }
                hasFailed = true
            }
            if now - keptAlive > Self.keepAliveTime.nanoseconds {
                keptAlive = now
                for subscriber in subscribers { _ = subscriber.stream.offer(ServerSentEvent.keepAlive) }
            }
            try? await Task.sleep(for: Self.roundTime)  // Never cancelled.
        }
    }

    private var subscribers: [Subscriber] { state.withLock { Array($0.subscribers.values) } }

    /// What is usual is read from the last hour, so that the first failure that comes by is explained as well.
    private func warm() async {
        var filter = CallFilter(
            since: Instant(nanosecondsSinceEpoch: WallClock.now()) - .seconds(3_600),
            until: Instant(nanosecondsSinceEpoch: WallClock.now()))
        (filter.succeeded, filter.direction) = (true, .outbound)
        var bounds = CallSample.Bounds(callsMax: 1_000)
        bounds.timeMax = .seconds(2)
        do {
            _ = try await sources.workOut { [explainer, filter, bounds] samples in
                explainer.learn(try samples.sample(filter, bounds).calls)
                return Explained(document: [], contentReadCount: 0)
            }
        } catch {
            logger.info("a stream begins without knowing what is usual", metadata: ["error": "\(error)"])
        }
    }

    private func deliver(_ arrivals: Arrivals, elapsed: Duration) {
        explainer.learn(arrivals.calls)
        defer { explainer.endRound() }
        for subscriber in subscribers {
            var matching = Self.matching(arrivals.calls, subscriber)
            let chosen = subscriber.state.withLock { state in
                if !state.resent.isEmpty {
                    matching.removeAll { state.resent.contains($0.arrival) }
                }
                state.sampler.passOver(arrivals.skippedCount)
                return state.sampler.choose(among: matching.count, elapsed: elapsed)
            }
            for index in chosen { send(matching[index], to: subscriber) }
            guard let report = subscriber.state.withLock({ $0.sampler.report() }) else { continue }
            droppedEvents.add(report.matched - report.sent)
            var data = JSONWriter()
            data.object {
                $0.member("matched", report.matched)
                $0.member("sent", report.sent)
                $0.member("ratio", report.matched > 0 ? Double(report.sent) / Double(report.matched) : nil)
                $0.member("arrived_unseen", report.passedOver)
            }
            _ = subscriber.stream.offer(ServerSentEvent.bytes(event: "sampling", id: nil, data: data.bytes))
        }
    }

    private func send(_ call: StoredCall, to subscriber: Subscriber) {
        let shown = subscriber.maySeeContent ? call : call.withoutContent()
        var json: [UInt8] = []
        CallJSONWriter.append(shown.call, id: shown.id, to: &json)
        if let explanation = explainer.explain(call) {
            json.removeLast()
            json += ",\"explanation\":".utf8 + explanation + "}".utf8
        }
        let event = ServerSentEvent.bytes(event: "call", id: call.arrival.text, data: json)
        let isTaken = subscriber.stream.offer(event)
        if isTaken { sentEvents.add() }
        subscriber.state.withLock { $0.sampler.wasSent(isTaken) }
    }

    private static func matching(_ calls: [StoredCall], _ subscriber: Subscriber) -> [StoredCall] {
        let matcher = PayloadMatcher(subscriber.filter.payload)
        let looksInside = !subscriber.filter.payload.isEmpty
        return calls.filter {
            subscriber.filter.matches($0.call) && (!looksInside || matcher.matches($0.call))
        }
    }
}

func streamRoute(_ sources: QuerySources, _ tail: CallTail) -> APIRoute {
    // A stream has no beginning and no end to choose.
    let filters = callParameters.filter { !["since", "until", "id"].contains($0.name) }
    return APIRoute(
        pattern: "/api/v1/calls/stream",
        summary:
            "Calls as they arrive, as server-sent events: `call`, and `sampling` where some were left out. Has no end.",
        access: .read,
        parameters: filters + [
            APIParameter(
                name: "last_event_id", kind: .eventID,
                summary: "Go on after this event, at most ten minutes back; as the header Last-Event-ID.")
        ], contentType: "text/event-stream"
    ) { request in tail.open(request) }
}
