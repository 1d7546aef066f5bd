import CallModel
import Documents
import Testing

@testable import Contrast

/// Bodies and headers that were there and were not kept: nothing is said of what is not known.
struct UnknownPartsTests {
    /// As a call is left that was thinned for room.
    private func thinned(_ call: APICall) -> APICall {
        var call = call
        call.request.bodyByteCount = call.request.body?.bytes.count
        call.request.headers = []
        call.request.body = nil
        call.response?.headers = []
        call.response?.body = nil
        return call
    }

    private func failed(_ changes: [String: String?] = ["currency": nil], headers: [Header] = []) -> APICall {
        ExplainedCalls.call(
            ExplainedCalls.order(777, changes), status: 422, answer: "{\"message\":\"Bad Request\"}", id: "bad",
            headers: headers)
    }

    /// Explained against two hundred good orders, of which some were thinned.
    private func explain(_ failed: APICall, isThinned: (Int) -> Bool) -> CallExplanation {
        var explainer = CallExplainer()
        for seed in 0..<200 {
            let call = ExplainedCalls.call(ExplainedCalls.order(seed), headers: [Header("api-version", "7")])
            explainer.observe(isThinned(seed) ? thinned(call) : call, position: seed)
        }
        explainer.observe(failed, position: 200)
        return explainer.explain(failed, position: 200)
    }

    @Test func `where no success kept its body nothing is said of bodies and headers, and the note tells why`() {
        let explanation = explain(failed(headers: [Header("x-other", "1")])) { _ in true }
        #expect(!explanation.ranked.contains { $0.where == .body || $0.where == .header })
        #expect(
            explanation.note.contains("Of 200 successful calls that it was held against 0 had their bodies kept and 0"))
    }

    @Test func `where some successes kept theirs these tell what is wrong`() {
        let explanation = explain(failed(headers: [Header("api-version", "7")])) { $0 % 4 != 0 }
        #expect(explanation.ranked.first?.path == "$.currency")
        #expect(explanation.ranked.first?.test == .missing)
        #expect(explanation.ranked.first?.successesWith == 0)
        #expect(explanation.note.contains("50 had their bodies kept and 50 their headers."))
        let whole = explain(failed(headers: [Header("api-version", "7")])) { _ in false }
        #expect(whole.note == "The answer refused the request.")
    }

    @Test func `a header that is missing is told though half of the successes lost theirs`() {
        let best = explain(failed([:])) { $0 / 20 % 2 == 1 }.ranked.first
        #expect(best?.path == "api-version")
        #expect(best?.where == .header)
        #expect(best?.test == .missing)
    }

    @Test func `a failed call whose body was not kept is not told to have none`() {
        var call = failed(headers: [Header("api-version", "7")])
        call.request.bodyByteCount = 5 << 20
        call.request.body = nil
        let explanation = explain(call) { _ in false }
        #expect(!explanation.ranked.contains { $0.where == .body })
        #expect(explanation.note.contains("This call's body was not kept."))
    }

    @Test func `a body too long to be read is unknown and not broken`() {
        var call = failed(headers: [Header("api-version", "7")])
        call.request.body = Body("{\"note\":\"" + String(repeating: "x", count: 1 << 20) + "\"}")
        let explanation = explain(call) { _ in false }
        #expect(!explanation.ranked.contains { $0.where == .body })
        #expect(explanation.note.contains("This call's body is too long to be looked at."))
    }

    @Test func `a failed call that had no body is told so`() {
        var call = failed(headers: [Header("api-version", "7")])
        call.request.bodyByteCount = 0
        call.request.body = nil
        let best = explain(call) { $0 % 2 == 0 }.ranked.first
        #expect(best?.path == "$")
        #expect(best?.test == .type)
    }

    @Test func `who sent it is found among successes that were thinned`() {
        var explainer = CallExplainer()
        var last: (call: APICall, position: Int)?
        for seed in 0..<400 {
            let isRefused = seed > 150 && seed % 4 == 1
            let call = ExplainedCalls.call(
                ExplainedCalls.order(seed), status: isRefused ? 422 : 201,
                answer: isRefused ? "{\"message\":\"Bad Request\"}" : nil, customer: "c\(seed % 4)")
            explainer.observe(isRefused ? call : thinned(call), position: seed)
            if isRefused { last = (call, seed) }
        }
        let best = last.flatMap { explainer.explain($0.call, position: $0.position).ranked.first }
        #expect(best?.path == "customer")
        #expect(best?.value == "c1")
    }

    private func compared(_ a: [APICall], _ b: [APICall]) -> [Change] {
        var comparison = CallComparison()
        for call in a { comparison.add(call, to: .a) }
        for call in b { comparison.add(call, to: .b) }
        return comparison.finish().changes
    }

    private func orders(_ changes: [String: String?] = [:]) -> [APICall] {
        (0..<300).map {
            ExplainedCalls.call(
                ExplainedCalls.order($0, changes), answer: "{\"id\":\"x\"}", headers: [Header("api-version", "7")])
        }
    }

    @Test func `that calls were thinned is no change of them`() {
        #expect(compared(orders().map(thinned), orders()).map(\.text) == [])
        #expect(compared(orders(), orders().map(thinned)).map(\.text) == [])
    }

    @Test func `what changed is found among the calls that were kept, by their shares`() {
        let mixed = orders(["coupon": "\"X\""]).enumerated().map { $0 % 2 == 0 ? thinned($1) : $1 }
        let changes = compared(orders(), mixed)
        #expect(changes.map { $0.predicate.first?.path } == ["$.coupon"])
        #expect(changes.first?.kind == .appeared)
        #expect(changes.first?.bWith == 150)
        #expect(changes.first?.bTotal == 150)
    }

    @Test(
        arguments: [
            ([], nil, 9, [.body, .headers]), ([], nil, nil, [.body, .headers]), ([], nil, 0, [.headers]),
            ([], "x", 1, []), ([Header("a", "b")], nil, nil, []), ([Header("a", "b")], nil, 7, [.body]),
            ([Header("content-length", "12")], nil, nil, [.body]), ([Header("content-length", "0")], nil, nil, []),
            ([Header("transfer-encoding", "chunked")], nil, nil, [.body]), ([Header("a", "b")], "", 7, [.body]),
        ] as [([Header], String?, Int?, UnknownParts)])
    func `what is left of a message tells what is unknown`(
        headers: [Header], body: String?, byteCount: Int?, unknown: UnknownParts
    ) {
        #expect(UnknownParts(headers, body.map { Body($0) }, byteCount: byteCount) == unknown)
    }

    @Test func `of a request of thousands of keys it is told how many values were looked at`() throws {
        var explainer = CallExplainer()
        let keys = "{" + (0..<5_000).map { "\"k\($0)\":\($0)" }.joined(separator: ",") + "}"
        for seed in 0..<20 { explainer.observe(ExplainedCalls.call(keys), position: seed) }
        let call = ExplainedCalls.call(keys, status: 422, answer: "{\"message\":\"Bad Request\"}")
        let explanation = explainer.explain(call, position: 20)
        #expect(explanation.isCut)
        #expect((1_900...2_000).contains(explanation.valuesRead))
        #expect(explanation.note.contains("Only the first \(explanation.valuesRead) values of this request"))
        var bytes: [UInt8] = []
        ExplanationJSON.append(explanation, to: &bytes)
        try JSONParser().parse(bytes) { document in
            #expect(document.member("values_cut")?.bool == true)
            #expect(document.member("values_read")?.double == Double(explanation.valuesRead))
        }
        let small = explain(failed(headers: [Header("api-version", "7")])) { _ in false }
        #expect(!small.isCut && small.valuesRead > 5)
    }
}
