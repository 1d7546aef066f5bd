import CallModel
import Storage

/// Finds the calls of one story: those of a trace, and those that name the same delivery, key or object around its time.
///
/// A trace and a call's id are looked up by an index. What is named is looked for call by call, at the partners of the story alone,
/// from a quarter of an hour before it to an hour after, in few bounded pages: where they end before the time does, the story says
/// that it is not complete.
struct TraceGathering {
    private static let callsMax = 1_000
    private static let pagesMax = 3
    private static let partnersMax = 3
    private static let tracesMax = 8
    private static let idsMax = 64
    private static let before: Duration = .seconds(900)
    private static let after: Duration = .seconds(3_600)
    /// A delivery or a key by itself is looked for so far back.
    private static let seedTime: Duration = .seconds(86_400)

    private(set) var calls: [StoredCall] = []
    private(set) var isComplete = true
    private let sources: QuerySources
    private let looksIntoContent: Bool
    private let now: Instant
    private var known: Set<ArrivalCursor> = []

    init(_ sources: QuerySources, looksIntoContent: Bool, now: Instant) {
        self.sources = sources
        self.looksIntoContent = looksIntoContent
        self.now = now
    }

    mutating func gather(_ text: String) async throws {
        try await seed(text)
        guard !calls.isEmpty else { return }
        try await follow(ids: ids, traces: traces)
        // What was found may stand in traces of its own.
        try await follow(ids: [], traces: traces)
    }

    private mutating func seed(_ text: String) async throws {
        if let trace = TraceID(hex: text) { return add(try await sources.trace(trace)) }
        if text.utf8.count <= Limits.idByteCountMax, let call = try await sources.call(text) {
            add([call])
            if let trace = call.call.traceID { add(try await sources.trace(trace)) }
            return
        }
        var filter = CallFilter(since: now - Self.seedTime, until: now + .seconds(60))
        filter.newest = now + .seconds(1)
        filter.payload.related = [text]
        try await read(filter)
    }

    private var ids: Set<String> {
        Set(calls.reduce(into: Set<String>()) { $0.formUnion(RelatedIDs($1.call).all) }.sorted().prefix(Self.idsMax))
    }

    private var traces: [TraceID] {
        var traces: [TraceID] = []
        for call in calls {
            if let trace = call.call.traceID, !traces.contains(trace), traces.count < Self.tracesMax {
                traces.append(trace)
            }
        }
        return traces
    }

    private mutating func follow(ids: Set<String>, traces: [TraceID]) async throws {
        for trace in traces where !calls.contains(where: { $0.call.traceID == trace && $0.call.spanID == nil }) {
            add(try await sources.trace(trace))
        }
        guard !ids.isEmpty, let first = calls.map(\.call.time).min(), let last = calls.map(\.call.time).max() else {
            return
        }
        var filter = CallFilter(since: first - Self.before, until: min(last + Self.after, now + .seconds(60)))
        filter.payload.related = ids
        for partner in Set(calls.compactMap(\.call.partner)).sorted().prefix(Self.partnersMax) {
            filter.partner = partner
            try await read(filter)
        }
    }

    private mutating func read(_ filter: CallFilter) async throws {
        var filter = filter
        filter.payload.looksIntoContent = looksIntoContent
        filter.limit = 200
        for _ in 0..<Self.pagesMax {
            let page = try await sources.callPage(filter)
            add(page.calls)
            guard let next = page.next else { return }
            filter.cursor = next
        }
        isComplete = false
    }

    private mutating func add(_ found: [StoredCall]) {
        for call in found {
            guard calls.count < Self.callsMax else { return isComplete = false }
            if known.insert(call.arrival).inserted { calls.append(call) }
        }
    }
}
