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
/// What is sent of a round is handed over as the connections take it, for as long as the round lasts, so that who reads quickly gets
/// rounds of any size. A reader who is slow costs nobody else anything: what his connection has not taken by then is dropped and
/// counted, and he is told by `event: sampling`. A reader who comes back with `Last-Event-ID` gets what arrived since, as far as ten
/// minutes back and at most `arrivalsAtOnceMax` calls; he is told where that is not all, and what he does not take within
/// `handOverMax` is counted.
final class CallTail: Sendable {
    static let eventsPerSecondMax = 200
    private static let roundTime: Duration = .milliseconds(500)
    /// How often it is looked whether there is room again.
    private static let handOverPause: Duration = .milliseconds(10)
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
    private let handOverMax: Duration
    private let state = Mutex(State())
    private let explainer = StreamExplainer()
    private let sentEvents: Counter
    private let droppedEvents: Counter

    /// - Parameter handOverMax: how long the calls of a round are handed over.
    init(
        _ sources: QuerySources, metrics: MetricsRegistry, logger: Logger, handOverMax: Duration = .milliseconds(400)
    ) {
        self.sources = sources
        self.logger = logger
        self.handOverMax = handOverMax
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
            let isComplete =
                calls.count < CallStore.arrivalsAtOnceMax
                && cursor.receivedAtMicroseconds >= (now - Self.resumeMax).microsecondsSinceEpoch
            subscriber.state.withLock { state in
                state.resent = Set(matching.map(\.arrival))
                state.sampler.resume(matching.count, isComplete: isComplete)
            }
            await handOver([Outgoing(subscriber, matching[...])])
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
                await deliver(arrivals, elapsed: elapsed)
            } catch {
                if !hasFailed { logger.warning("arriving calls cannot be read", metadata: ["error": "\(error)"]) }
                hasFailed = true
            }
            if now - keptAlive > Self.keepAliveTime.nanoseconds {
                keptAlive = now
                for subscriber in subscribers { _ = subscriber.stream.offer(ServerSentEvent.keepAlive) }
            }
            let rest = Self.roundTime - .nanoseconds(MonotonicClock.now() - now)
            try? await Task.sleep(for: max(Self.handOverPause, rest))  // Never cancelled.
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

    private func deliver(_ arrivals: Arrivals, elapsed: Duration) async {
        explainer.learn(arrivals.calls)
        defer { explainer.endRound() }
        let subscribers = subscribers
        await handOver(
            subscribers.map { subscriber in
                var matching = Self.matching(arrivals.calls, subscriber)
                let chosen = subscriber.state.withLock { state in
                    if !state.resent.isEmpty {
                        matching.removeAll { state.resent.contains($0.arrival) }
                    }
                    state.sampler.passOver(arrivals.skippedCount)
                    return state.sampler.choose(among: matching.count, elapsed: elapsed)
                }
                return Outgoing(subscriber, chosen.map { matching[$0] }[...])
            })
        for subscriber in subscribers { report(to: subscriber) }
    }

    private func report(to subscriber: Subscriber) {
        guard let report = subscriber.state.withLock({ $0.sampler.report() }) else { return }
        droppedEvents.add(report.matched - report.sent)
        var data = JSONWriter()
        data.object {
            $0.member("matched", report.matched)
            $0.member("sent", report.sent)
            $0.member("ratio", report.matched > 0 ? Double(report.sent) / Double(report.matched) : nil)
            $0.member("arrived_unseen", report.passedOver)
            if report.isResumedInPart { $0.member("resumed_in_part", true) }
        }
        _ = subscriber.stream.offer(ServerSentEvent.bytes(event: "sampling", id: nil, data: data.bytes))
    }

    /// What one reader is still to get.
    private struct Outgoing {
        let subscriber: Subscriber
        var calls: ArraySlice<StoredCall>
        /// The first of them, as it is written.
        var event: [UInt8]?

        init(_ subscriber: Subscriber, _ calls: ArraySlice<StoredCall>) {
            self.subscriber = subscriber
            self.calls = calls
        }
    }

    private func handOver(_ all: [Outgoing]) async {
        let deadline = MonotonicClock.now() + handOverMax.nanoseconds
        var all = all
        while true {
            for index in all.indices { handOver(&all[index]) }
            all.removeAll { $0.calls.isEmpty || $0.subscriber.stream.isOver }
            guard !all.isEmpty, MonotonicClock.now() < deadline else { break }
            try? await Task.sleep(for: Self.handOverPause)  // Never cancelled.
        }
    }

    /// As much as there is room for.
    private func handOver(_ outgoing: inout Outgoing) {
        while let call = outgoing.calls.first {
            let event = outgoing.event ?? event(call, for: outgoing.subscriber)
            // One that is larger than the room when it is empty will never fit.
            let fits = event.count <= outgoing.subscriber.stream.waitingByteCountMax
            let isTaken = outgoing.subscriber.stream.offer(event)
            guard isTaken || !fits else {
                outgoing.event = event
                return
            }
            outgoing.event = nil
            outgoing.calls.removeFirst()
            guard isTaken else { continue }
            sentEvents.add()
            outgoing.subscriber.state.withLock { $0.sampler.wasSent() }
        }
    }

    private func event(_ call: StoredCall, for subscriber: Subscriber) -> [UInt8] {
        let shown = subscriber.maySeeContent ? call : call.withoutContent()
        var json: [UInt8] = []
        CallJSONWriter.append(shown.call, id: shown.id, to: &json)
        if let explanation = explainer.explain(call) {
            json.removeLast()
            json += ",\"explanation\":".utf8 + explanation + "}".utf8
        }
        return ServerSentEvent.bytes(event: "call", id: call.arrival.text, data: json)
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
