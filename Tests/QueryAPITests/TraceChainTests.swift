import CallModel
import Documents
import QueryAPI
import Storage
import Testing

struct TraceChainTests {
    private func call(
        _ id: String, at milliseconds: Int64, _ direction: Direction = .outbound, span: UInt64? = nil,
        parent: UInt64? = nil, took: Int64 = 10, host: String = "app-1",
        object: String = "-", change: (inout APICall) -> Void = { _ in }
    ) -> StoredCall {
        var call = APICall(
            time: .epoch + .milliseconds(milliseconds), direction: direction,
            request: .init(method: "POST", url: "https://a.example/charges/\(object)"), source: .otlp)
        call.route = "POST /charges/{id}"
        call.id = id
        call.host = host
        call.duration = .milliseconds(took)
        call.spanID = span.flatMap { SpanID(bits: $0) }
        call.parentSpanID = parent.flatMap { SpanID(bits: $0) }
        change(&call)
        return StoredCall(
            id: id, call: call, cursor: CallCursor(timeMicroseconds: milliseconds * 1_000, block: 1, row: 0))
    }

    private func links(_ chain: TraceChain) -> [String] {
        chain.nodes.map { node in
            let parent = node.parent.map { chain.nodes[$0].call.id } ?? "-"
            return "\(node.call.id)<\(parent) \(node.link?.rawValue ?? "") \(node.depth)"
        }
    }

    @Test func `a webhook in, a call out, and a call that names it`() {
        let chain = TraceChain([
            call("out2", at: 30, span: 3, parent: 2), call("in", at: 0, .inbound, span: 1, took: 100),
            call("out1", at: 10, span: 2, parent: 1),
        ])
        #expect(links(chain) == ["in<-  0", "out1<in span 1", "out2<out1 span 2"])
        #expect(chain.gaps.isEmpty)
    }

    @Test func `a span between that is no call is bridged by time, on the same host alone`() {
        let chain = TraceChain([
            call("in", at: 0, .inbound, span: 1, took: 100), call("out", at: 50, span: 3, parent: 9),
            call("late", at: 500, span: 4, parent: 9), call("other", at: 60, span: 5, parent: 8, host: "app-2"),
        ])
        #expect(links(chain) == ["in<-  0", "out<in time 1", "other<-  0", "late<-  0"])
        #expect(chain.gaps.compactMap(\.spanID?.bits) == [8, 9])
        #expect(chain.gaps.map(\.callIDs) == [["other"], ["late"]])
    }

    @Test func `calls that name each other do not go round for ever`() {
        let chain = TraceChain([call("a", at: 0, span: 1, parent: 2), call("b", at: 1, span: 2, parent: 1)])
        #expect(links(chain) == ["a<-  0", "b<a span 1"])
    }

    @Test func `the document tells the same`() throws {
        let chain = TraceChain([call("in", at: 1_000, .inbound, span: 1, took: 100), call("out", at: 1_010, parent: 1)])
        try JSONParser().parse(chain.document("in") { $0 }) { document in
            #expect(document.member("duration_ms")?.double == 100)
            var parents: [String?] = []
            document.member("calls")?.forEachElement { parents.append($0.member("parent")?.string) }
            #expect(parents == [nil, "in"])
        }
    }

    @Test func `without a trace the delivery, the key and the object join a story, and missing attempts are named`() {
        func attempt(_ number: Int) -> (inout APICall) -> Void {
            { call in
                call.webhook = .init()
                (call.webhook!.deliveryID, call.webhook!.attempt) = ("evt_12345", number)
            }
        }
        let key: (inout APICall) -> Void = { $0.request.headers = [Header("idempotency-key", "key-0001")] }
        let chain = TraceChain([
            call("hook1", at: 0, .inbound, took: 5, object: "ch_12345", change: attempt(1)),
            call("hook3", at: 60_000, .inbound, took: 5, change: attempt(3)),
            call("get", at: 70_000, object: "ch_12345"), call("pay", at: 80_000, host: "app-2", change: key),
            call("pay again", at: 81_000, host: "app-2", change: key),
        ])
        #expect(
            links(chain) == [
                "hook1<-  0", "hook3<hook1 delivery 1", "get<hook1 object 1", "pay<-  0", "pay again<pay idempotency 1",
            ])
        #expect(
            chain.gaps.map(\.detail) == [
                "attempt 2 of delivery evt_12345 is not stored", "no call out was seen while it was handled",
            ])
        #expect(chain.gaps.last?.callIDs == ["hook3"])
    }

    @Test func `what redaction put in the place of an id joins nothing`() {
        let chain = TraceChain([call("a", at: 0, object: "{email:1f0c}"), call("b", at: 10, object: "{email:1f0c}")])
        #expect(links(chain) == ["a<-  0", "b<-  0"])
    }
}
