import CallJSON
import CallModel
import Documents
import Logging
import Runtime
import Storage
import Synchronization
import Transport

/// Streams of calls as they arrive: one reader of the database for all of them, which runs while there is anybody to read for.
///
/// What is sent of a round is handed over as the connections take it, for as long as the round lasts, so that who reads quickly gets
/// rounds of any size. A reader who is slow costs nobody else anything: what his connection has not taken by then is dropped and
/// counted, and he is told by `event: sampling`. A reader who comes back with `Last-Event-ID` gets what arrived since
/// (`CallTail+Resume`), and then what arrives, with nothing between the two (`StreamProgress`).
final class CallTail: Sendable {
    static let eventsPerSecondMax = 200
    static let roundTime: Duration = .milliseconds(500)
    /// How often it is looked whether there is room again.
    private static let handOverPause: Duration = .milliseconds(10)
    private static let keepAliveTime: Duration = .seconds(15)

    final class Reader: Sendable {
        let stream = BodyStream()
        let filter: CallFilter
        let maySeeContent: Bool
        let openedAt: Instant
        /// The last event he had; nil for who comes for the first time.
        let last: StreamCursor?
        /// He asked to go on after an event that is none.
        let cannotResume: Bool
        /// Nil until he has joined.
        let progress = Mutex<StreamProgress?>(nil)

        init(_ request: APIRequest) {
            filter = callFilter(request)
            maySeeContent = request.maySeeContent
            openedAt = request.now
            let id = request.query["last_event_id"] ?? request.head.headers[first: "last-event-id"]
            last = id.flatMap { StreamCursor(text: $0) }
            cannotResume = id != nil && last == nil
        }

        /// Of one who has joined.
        func change<R: Sendable>(_ body: (inout StreamProgress) -> R) -> R? {
            progress.withLock { $0 == nil ? nil : body(&$0!) }
        }
    }

    private struct State {
        var joining: [Reader] = []
        var readers: [ObjectIdentifier: Reader] = [:]
        var isRunning = false
    }

    let sources: QuerySources
    let logger: Logger
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
            read: { [weak self] in Double(self?.state.withLock { $0.readers.count } ?? 0) })
    }

    /// Opens a stream for a request whose parameters were checked.
    func open(_ request: APIRequest) -> Response {
        let reader = Reader(request)
        if reader.maySeeContent { sources.audit(request.who, "opened a stream of calls with bodies", "{}") }
        let headers: Headers = [
            "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no",
        ]
        var response = Response(status: 200, headers: headers)
        response.stream = reader.stream
        let id = ObjectIdentifier(reader)
        reader.stream.whenOver { [weak self] in
            self?.state.withLock { state in
                state.readers[id] = nil
                state.joining.removeAll { ObjectIdentifier($0) == id }
            }
        }
        let mustStart = state.withLock { state in
            state.joining.append(reader)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if mustStart { Task { await self.run() } }
        return response
    }

    // MARK: The reader of the database

    private func run() async {
        var position: ArrivalPosition?
        var round = MonotonicClock.now()
        var keptAlive = round
        var hasFailed = false
        Task { await self.warm() }
        while true {
            let isDone = state.withLock { state in
                state.isRunning = !state.readers.isEmpty || !state.joining.isEmpty
                return !state.isRunning
            }
            if isDone { return explainer.forget() }
            let now = MonotonicClock.now()
            let elapsed = Duration.nanoseconds(now - round)
            round = now
            do {
                var reached: ArrivalPosition
                if let position {
                    reached = position
                } else {
                    reached = try await sources.arrivalsEnd(Instant(nanosecondsSinceEpoch: WallClock.now()))
                    position = reached
                }
                join(at: reached)
                let arrivals = try await sources.arrivals(reached)
                position = arrivals.position
                hasFailed = false
                await deliver(arrivals, elapsed: elapsed)
            } catch {
                if !hasFailed { logger.warning("arriving calls cannot be read", metadata: ["error": "\(error)"]) }
                hasFailed = true
            }
            if now - keptAlive > Self.keepAliveTime.nanoseconds {
                keptAlive = now
                keepAlive()
            }
            let rest = Self.roundTime - .nanoseconds(MonotonicClock.now() - now)
            try? await Task.sleep(for: max(Self.handOverPause, rest))  // Never cancelled.
        }
    }

    private var readers: [Reader] { state.withLock { Array($0.readers.values) } }

    /// Lets in who has come since the last round: from here on he gets what arrives after this position.
    private func join(at position: ArrivalPosition) {
        let joining = state.withLock { state in
            defer { state.joining = [] }
            for reader in state.joining { state.readers[ObjectIdentifier(reader)] = reader }
            return state.joining
        }
        for reader in joining {
            let progress = begin(reader, at: position)
            reader.progress.withLock { $0 = progress }
            var hello = JSONWriter()
            hello.object {
                $0.member("as_of", reader.openedAt)
                $0.member("events_per_second_max", Self.eventsPerSecondMax)
            }
            _ = reader.stream.offer(
                ServerSentEvent.bytes(event: "open", id: progress.id.text, data: hello.bytes))
            report(to: reader)
            if !progress.isLive { Task { await self.catchUp(reader) } }
        }
    }

    private func keepAlive() {
        for reader in state.withLock({ Array($0.readers.values) + $0.joining }) {
            let id = reader.change { $0.isLive ? $0.id.text : nil } ?? nil
            _ = reader.stream.offer(ServerSentEvent.keepAlive(id: id))
        }
    }

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
        let outgoing = readers.compactMap { reader in
            let matching = Self.matching(arrivals.calls, reader)
            let due = reader.change { $0.arrived(matching, of: arrivals, elapsed: elapsed) } ?? nil
            return due.map { Outgoing(reader, $0[...]) }
        }
        await handOver(outgoing, for: handOverMax)
        for each in outgoing {
            _ = each.reader.change { $0.endRound(arrivals) }
            report(to: each.reader)
        }
    }

    /// Tells what was left out. Where there is no room for that either, it is told with what is left out next.
    private func report(to reader: Reader) {
        guard let report = reader.change({ $0.sampler.report }) ?? nil else {
            _ = reader.change { $0.wasTold() }
            return
        }
        var data = JSONWriter()
        data.object {
            $0.member("matched", report.matched)
            $0.member("sent", report.sent)
            $0.member("ratio", report.matched > 0 ? Double(report.sent) / Double(report.matched) : nil)
            $0.member("arrived_unseen", report.passedOver)
            if report.isResumedInPart { $0.member("resumed_in_part", true) }
        }
        let id = reader.change { StreamCursor($0.position).text }
        guard reader.stream.offer(ServerSentEvent.bytes(event: "sampling", id: id, data: data.bytes)) else { return }
        droppedEvents.add(report.matched - report.sent)
        _ = reader.change { $0.wasTold() }
    }

    // MARK: Handing over

    /// What one reader is still to get.
    struct Outgoing {
        let reader: Reader
        var calls: ArraySlice<StreamProgress.Due>
        /// The first of them, as it is written.
        var event: [UInt8]?

        init(_ reader: Reader, _ calls: ArraySlice<StreamProgress.Due>) {
            self.reader = reader
            self.calls = calls
        }
    }

    func handOver(_ all: [Outgoing], for time: Duration) async {
        let deadline = MonotonicClock.now() + time.nanoseconds
        var all = all
        while true {
            for index in all.indices { handOver(&all[index]) }
            all.removeAll { $0.calls.isEmpty || $0.reader.stream.isOver }
            guard !all.isEmpty, MonotonicClock.now() < deadline else { break }
            try? await Task.sleep(for: Self.handOverPause)  // Never cancelled.
        }
    }

    /// As much as there is room for.
    private func handOver(_ outgoing: inout Outgoing) {
        let reader = outgoing.reader
        while let due = outgoing.calls.first {
            guard let id = reader.change({ $0.id(of: due).text }) else { return }
            let event = outgoing.event ?? event(due.call, id: id, for: reader)
            // One that is larger than the room when it is empty will never fit.
            let fits = event.count <= reader.stream.waitingByteCountMax
            let isTaken = reader.stream.offer(event)
            guard isTaken || !fits else {
                outgoing.event = event
                return
            }
            outgoing.event = nil
            outgoing.calls.removeFirst()
            guard isTaken else { continue }
            sentEvents.add()
            _ = reader.change { $0.wasSent() }
        }
    }

    private func event(_ call: StoredCall, id: String, for reader: Reader) -> [UInt8] {
        let shown = reader.maySeeContent ? call : call.withoutContent()
        var json: [UInt8] = []
        CallJSONWriter.append(shown.call, id: shown.id, to: &json)
        if let explanation = explainer.explain(call) {
            json.removeLast()
            json += ",\"explanation\":".utf8 + explanation + "}".utf8
        }
        return ServerSentEvent.bytes(event: "call", id: id, data: json)
    }

    static func matching(_ calls: [StoredCall], _ reader: Reader) -> [StoredCall] {
        let matcher = PayloadMatcher(reader.filter.payload)
        let looksInside = !reader.filter.payload.isEmpty
        return calls.filter {
            reader.filter.matches($0.call) && (!looksInside || matcher.matches($0.call))
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
