import CallModel
import Testing

@testable import Contrast

/// Bodies that are not what they say, too large, too deep, with too many keys or values: bounded work, a useful answer.
struct BadInputTests {
    private func trained() -> CallExplainer {
        var explainer = CallExplainer()
        for seed in 0..<100 { explainer.observe(ExplainedCalls.call(ExplainedCalls.order(seed)), position: seed) }
        return explainer
    }

    @Test func `a body that is no JSON though it says so is the reason`() {
        var explainer = trained()
        let call = ExplainedCalls.call("amount=5&currency=EUR", status: 400, answer: "{\"message\":\"Bad Request\"}")
        let best = explainer.explain(call, position: 200).ranked.first
        #expect(best?.path == "$")
        #expect(best?.text.contains("cannot be read") == true)
    }

    @Test func `a body cut at every byte is explained without harm`() {
        var explainer = trained()
        let body = ExplainedCalls.order(5)
        for end in 0..<body.utf8.count {
            let call = ExplainedCalls.call(String(body.prefix(end)), status: 400, answer: "{}")
            #expect(!explainer.explain(call, position: 200).ranked.isEmpty, "cut at \(end)")
        }
    }

    @Test func `thousands of keys and elements stay within the bounds`() {
        let flattener = RequestFlattener()
        var paths = PathTable(placesMax: 500)
        let keys = "{" + (0..<5_000).map { "\"k\($0)\":\($0)" }.joined(separator: ",") + "}"
        let flat = flattener.flatten(ExplainedCalls.call(keys), into: &paths)
        #expect(flat.isCut)
        #expect(paths.count <= 500)
        #expect(paths.refusedCount > 0)
        let elements = "{\"items\":[" + Array(repeating: "{\"a\":1}", count: 10_000).joined(separator: ",") + "]}"
        #expect(flattener.flatten(ExplainedCalls.call(elements), into: &paths).nodes.count <= 2_000)
    }

    /// Thousands of keys that are missing and thousands that are new: each pair of them could be one that was renamed.
    @Test func `requests of thousands of keys are explained with bounded work`() {
        var explainer = CallExplainer()
        func body(_ first: Int) -> String {
            "{" + (first..<first + 1_900).map { "\"key_\($0)\":\($0)" }.joined(separator: ",") + "}"
        }
        for seed in 0..<60 { explainer.observe(ExplainedCalls.call(body(0)), position: seed) }
        let call = ExplainedCalls.call(body(1_000), status: 400, answer: "{\"message\":\"Bad Request\"}")
        let explanation = explainer.explain(call, position: 100)
        #expect((1...5).contains(explanation.ranked.count))
    }

    @Test func `a body nested deeper than the bound is cut, deeper than the parser goes is malformed`() {
        let flattener = RequestFlattener()
        var paths = PathTable(placesMax: 500)
        for depth in [40, 500] {
            let body = String(repeating: "{\"a\":", count: depth) + "1" + String(repeating: "}", count: depth)
            let flat = flattener.flatten(ExplainedCalls.call(body), into: &paths)
            #expect(flat.isCut || flat.nodes[0].kind == .malformed, "depth \(depth)")
        }
    }

    @Test func `a place with endless new values costs no memory for them`() {
        var table = ValueTable()
        var unique = UniqueValues()
        for value in 0..<200_000 {
            table.add(mixed(UInt64(value) &+ 1) | 1)
            unique.add(mixed(UInt64(value) &+ 1) | 1)
        }
        #expect(table.isOpen)
        #expect(table.noveltySurprise == 0)
        #expect(unique.isUnique)
        #expect(unique.contains(mixed(200_000) | 1))
    }

    @Test func `histories forget by their policy and stay within their capacity`() {
        var recent = CallHistory(policy: .recent, capacity: 100)
        var spread = CallHistory(policy: .spread, capacity: 100)
        for position in 0..<5_000 {
            recent.add(CallHistory.Entry(position: position, features: []))
            if spread.wantsNext {
                spread.add(CallHistory.Entry(position: position, features: []))
            } else {
                spread.skip()
            }
        }
        #expect(recent.entries.count <= 200)
        #expect(recent.entries.last?.position == 4_999)
        #expect(spread.entries.count <= 100)
        #expect((spread.entries.first?.position ?? 9_999) < 100)
        #expect((spread.entries.last?.position ?? 0) > 4_500)
    }

    @Test func `routes beyond the bound are counted`() {
        var configuration = CallExplainer.Configuration()
        configuration.routesMax = 3
        var explainer = CallExplainer(configuration)
        for route in 0..<10 {
            var call = ExplainedCalls.call("{}")
            call.route = "POST /\(route)"
            explainer.observe(call, position: route)
        }
        #expect(explainer.routesRefusedCount == 7)
    }
}
