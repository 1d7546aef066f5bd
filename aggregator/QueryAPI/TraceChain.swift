import CallJSON
import CallModel
import Documents
import Storage

/// The calls of one trace in their order, each under the call that caused it: webhook in, calls out, what each returned.
///
/// A call's parent is the stored call whose span it names. Mostly it names a span of the work between, which is no call and
/// not kept; then the parent is the innermost call of the same host that was under way when this one began, and says so. A
/// parent that is neither is a gap, and is named.
public struct TraceChain {
    public enum Link: String, Sendable {
        case span
        case time
    }

    public struct Node {
        public var call: StoredCall
        /// Its place in `nodes`.
        public var parent: Int?
        public var link: Link?
        public var depth = 0
    }

    public struct Gap: Equatable {
        public var spanID: SpanID
        /// The calls that name it.
        public var callIDs: [String]
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
            } else if let named = stored.call.parentSpanID, spans[named] == nil {
                add(gap: named, of: stored.id)
            }
            node.depth = node.parent.map { nodes[$0].depth + 1 } ?? 0
            nodes.append(node)
        }
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

    public func document(_ id: TraceID, show: (StoredCall) -> StoredCall) -> [UInt8] {
        let start = nodes.first?.call.call.time ?? .epoch
        let end = nodes.map { $0.call.call.time + ($0.call.call.duration ?? .zero) }.max() ?? start
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("trace_id", id.hex)
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
                        $0.member("span_id", gap.spanID.hex)
                        $0.member("detail", "named as the parent, and no call of it is stored")
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
            pattern: "/api/v1/traces/{trace_id}", summary: "The calls of a trace, and what each caused.", access: .read,
            schema: "Trace", mayBeMissing: true
        ) { request in
            let text = request.path["trace_id"]!
            guard let id = TraceID(hex: text) else {
                var problem = APIProblem.notFound(text)
                problem.hint = "a trace id is 32 hex digits"
                throw problem
            }
            let calls = try await sources.trace(id)
            guard !calls.isEmpty else { throw APIProblem.notFound(text) }
            return .json(TraceChain(calls).document(id) { visible($0, request, sources) })
        }
    ]
}
