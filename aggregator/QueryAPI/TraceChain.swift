import CallJSON
import CallModel
import Documents
import Storage
import Transport

/// The calls of one trace in their order, each under the call that caused it: webhook in, calls out, what each returned.
///
/// A call's parent is the stored call whose span it names. Mostly it names a span of the work between, which is no call and
/// not kept; then the parent is the innermost call of the same host that was under way when this one began, and says so. A
/// parent that is neither is a gap, and is named. Calls that share no trace are joined by what they name (`RelatedIDs`): under the
/// earlier one, and as what they are, a likely story.
public struct TraceChain {
    public enum Link: String, Sendable {
        case span
        case time
        /// The same webhook delivery: a further attempt.
        case delivery
        /// The same key of a request that may be sent twice.
        case idempotency
        /// An object that an earlier call names, too.
        case object
    }

    public struct Node {
        public var call: StoredCall
        /// Its place in `nodes`.
        public var parent: Int?
        public var link: Link?
        public var depth = 0
    }

    public struct Gap: Equatable {
        /// Of a parent that is not stored; nil for what else is missing.
        public var spanID: SpanID?
        public var detail = "named as the parent, and no call of it is stored"
        /// The calls that name it.
        public var callIDs: [String]

        init(spanID: SpanID, callIDs: [String]) {
            self.spanID = spanID
            self.callIDs = callIDs
        }

        init(_ detail: String, callIDs: [String]) {
            self.detail = detail
            self.callIDs = callIDs
        }
    }

    public private(set) var nodes: [Node] = []
    public private(set) var gaps: [Gap] = []

    public init(_ calls: [StoredCall]) {
        let calls = calls.sorted { $0.call.time < $1.call.time }
        var spans: [SpanID: Int] = [:]
        for (index, call) in calls.enumerated() {
            if let span = call.call.spanID, spans[span] == nil { spans[span] = index }
        }
        for (index, stored) in calls.enumerated() {
            var node = Node(call: stored, parent: nil, link: nil)
            // Clocks of two hosts may disagree, but nothing is its own cause.
            if let named = stored.call.parentSpanID, let parent = spans[named], parent < index {
                (node.parent, node.link) = (parent, .span)
            } else if let parent = enclosing(stored.call, before: index, calls) {
                (node.parent, node.link) = (parent, .time)
            } else {
                if let named = stored.call.parentSpanID, spans[named] == nil { add(gap: named, of: stored.id) }
                (node.parent, node.link) = related(stored.call, before: index, calls)
            }
            node.depth = node.parent.map { nodes[$0].depth + 1 } ?? 0
            nodes.append(node)
        }
        gaps += missingAttempts(calls) + quietHandlers + unreadable(calls)
    }

    /// The earliest call that names the same: the delivery first, because it says most.
    private func related(_ call: APICall, before index: Int, _ calls: [StoredCall]) -> (Int?, Link?) {
        let ids = RelatedIDs(call)
        guard !ids.all.isEmpty else { return (nil, nil) }
        let earlier = (0..<index).map { ($0, RelatedIDs(calls[$0].call)) }
        if let delivery = ids.deliveryID, let found = earlier.first(where: { $0.1.deliveryID == delivery }) {
            return (found.0, .delivery)
        }
        if let key = ids.idempotencyKey, let found = earlier.first(where: { $0.1.idempotencyKey == key }) {
            return (found.0, .idempotency)
        }
        let found = earlier.first { !$0.1.all.isDisjoint(with: ids.objects) }
        return (found?.0, found == nil ? nil : .object)
    }

    // MARK: Gaps

    private static let attemptsMax = 50

    /// Attempts of a delivery that must have been, before one that is there.
    private func missingAttempts(_ calls: [StoredCall]) -> [Gap] {
        var attempts: [String: (seen: Set<Int>, ids: [String])] = [:]
        for stored in calls {
            guard let webhook = stored.call.webhook, let delivery = webhook.deliveryID, let attempt = webhook.attempt
            else { continue }
            attempts[delivery, default: ([], [])].seen.insert(attempt)
            attempts[delivery]!.ids.append(stored.id)
        }
        return attempts.sorted { $0.key < $1.key }.compactMap { delivery, found in
            let last = min(found.seen.max() ?? 0, Self.attemptsMax)
            let missing = last > 0 ? (1...last).filter { !found.seen.contains($0) } : []
            guard !missing.isEmpty else { return nil }
            let numbers = missing.map(String.init).joined(separator: ", ")
            return Gap("attempt \(numbers) of delivery \(delivery) is not stored", callIDs: found.ids)
        }
    }

    /// Requests that came in and caused nothing that was seen.
    private var quietHandlers: [Gap] {
        let parents = Set(nodes.compactMap(\.parent))
        let quiet = nodes.indices.filter { nodes[$0].call.call.direction == .inbound && !parents.contains($0) }
        let ids = quiet.map { nodes[$0].call.id }
        return ids.isEmpty ? [] : [Gap("no call out was seen while it was handled", callIDs: ids)]
    }

    /// Calls of which only the row is left: what they name is not known any more.
    private func unreadable(_ calls: [StoredCall]) -> [Gap] {
        let ids = calls.filter { $0.call.request.url.isEmpty }.map(\.id)
        return ids.isEmpty
            ? [] : [Gap("headers and bodies are not kept any more: what they name is not known", callIDs: ids)]
    }

    private func enclosing(_ call: APICall, before index: Int, _ calls: [StoredCall]) -> Int? {
        guard call.direction == .outbound, let host = call.host else { return nil }
        return (0..<index).last { candidate in
            let other = calls[candidate].call
            guard other.direction == .inbound, other.host == host, let duration = other.duration else { return false }
            return call.time <= other.time + duration
        }
    }

    private mutating func add(gap span: SpanID, of id: String) {
        if let index = gaps.firstIndex(where: { $0.spanID == span }) {
            gaps[index].callIDs.append(id)
        } else {
            gaps.append(Gap(spanID: span, callIDs: [id]))
        }
    }

    /// - Parameter title: By what it was asked for.
    public func document(_ title: String, isComplete: Bool = true, show: (StoredCall) -> StoredCall) -> [UInt8] {
        let start = nodes.first?.call.call.time ?? .epoch
        let end = nodes.map { $0.call.call.time + ($0.call.call.duration ?? .zero) }.max() ?? start
        var writer = JSONWriter()
        writer.object { writer in
            writer.member(
                "trace_id", TraceID(hex: title)?.hex ?? nodes.lazy.compactMap { $0.call.call.traceID?.hex }.first)
            writer.member("asked_for", title)
            writer.member("complete", isComplete)
            writer.member("started_at", start)
            writer.member("duration_ms", (end - start).inSeconds * 1_000, decimals: 3)
            writer.array("calls") { writer in
                for node in nodes {
                    var call: [UInt8] = []
                    CallJSONWriter.append(show(node.call).call, id: node.call.id, to: &call)
                    writer.object {
                        $0.member("depth", node.depth)
                        $0.member("parent", node.parent.map { nodes[$0].call.id })
                        $0.member("linked_by", node.link?.rawValue)
                        $0.member("offset_ms", (node.call.call.time - start).inSeconds * 1_000, decimals: 3)
                        $0.member("call", json: call)
                    }
                }
            }
            writer.array("gaps") { writer in
                for gap in gaps {
                    writer.object {
                        $0.member("span_id", gap.spanID?.hex)
                        $0.member("detail", gap.detail)
                        $0.array("calls") { for id in gap.callIDs { $0.string(id) } }
                    }
                }
            }
        }
        return writer.bytes
    }
}

func traceRoutes(_ sources: QuerySources) -> [APIRoute] {
    [
        APIRoute(
            pattern: "/api/v1/traces/{id}",
            summary:
                "The calls of one story, and what each caused: by a trace id, a call's id, a webhook's delivery id or an idempotency key.",
            access: .read, schema: "Trace", mayBeMissing: true
        ) { request in
            let text = request.path["id"]!
            guard text.utf8.count <= 200, !text.utf8.contains(0) else { throw APIProblem.notFound(text) }
            var gathering = TraceGathering(sources, looksIntoContent: request.maySeeContent, now: request.now)
            try await gathering.gather(text)
            guard !gathering.calls.isEmpty else {
                var problem = APIProblem.notFound(text)
                problem.errors = [Problem.Item(pointer: "/path/id", detail: "names no stored call")]
                problem.hint =
                    "a trace id of 32 hex digits, a call's id, a delivery id or an idempotency key of the last day"
                throw problem
            }
            let chain = TraceChain(gathering.calls)
            return .json(
                chain.document(text, isComplete: gathering.isComplete) { visible($0, request, sources) })
        }
    ]
}
