import CallModel
import Contrast
import Documents
import Testing

struct PopulationTests {
    private func explained(_ calls: [APICall]) -> PopulationExplanation {
        var explainer = PopulationExplainer()
        let numbered = Array(calls.enumerated())
        for (position, call) in numbered where CallExplainer.isSuccess(call) {
            explainer.observe(call, position: position)
        }
        for (position, call) in numbered where !CallExplainer.isSuccess(call) {
            explainer.observe(call, position: position)
        }
        for (position, call) in calls.enumerated() { explainer.explain(call, position: position) }
        return explainer.finish()
    }

    private func mixedCalls() -> [APICall] {
        (0..<600).map { seed in
            if seed % 10 == 3 {
                return ExplainedCalls.call(
                    ExplainedCalls.order(seed, ["currency": nil]), status: 422, answer: "{\"message\":\"Bad Request\"}",
                    id: "f\(seed)")
            }
            if seed % 4 == 1 {
                return ExplainedCalls.call(
                    ExplainedCalls.order(seed), status: 503, answer: "{}", customer: "globex", id: "g\(seed)")
            }
            return ExplainedCalls.call(ExplainedCalls.order(seed), id: "s\(seed)")
        }
    }

    @Test func `a key that many calls lack is one cause with its counts and samples`() {
        let explanation = explained(mixedCalls())
        let cause = explanation.causes.first { $0.kind == "request" }
        #expect(
            cause?.predicate.first
                == CallCondition(path: "$.currency", place: "request.body", test: "missing", value: nil))
        #expect(cause?.failuresWith == 60)
        #expect(cause?.successesWith == 0)
        #expect(cause?.isChosen == true)
        #expect(cause?.failingSamples.first == "f3")
        #expect(cause?.succeedingSamples.first == "s0")
    }

    @Test func `failures outside the request are put down to what they share`() {
        let cause = explained(mixedCalls()).causes.first { $0.kind != "request" }
        #expect(
            cause?.predicate == [CallCondition(path: "customer", place: "dimension", test: "equals", value: "globex")])
    }

    @Test func `every figure adds up to the failures`() {
        let explanation = explained(mixedCalls())
        #expect(explanation.failures + explanation.successes == 600)
        let chosen = explanation.causes.filter(\.isChosen).reduce(0) { $0 + $1.failuresWith }
        #expect(chosen + explanation.unexplained == explanation.failures)
    }

    @Test func `the JSON has the contract's fields`() throws {
        var bytes: [UInt8] = []
        ExplanationJSON.append(explained(mixedCalls()), to: &bytes)
        try JSONParser().parse(bytes) { document in
            #expect(document.member("population")?.member("failures")?.double != nil)
            document.member("causes")?.forEachElement { cause in
                #expect(cause.member("predicate")?.kind == .array)
                for field in ["failures_with", "failures_total", "successes_with", "risk_ratio", "confidence"] {
                    var found = false
                    cause.forEachMember { name, _ in found = found || name.elementsEqual(field.utf8) }
                    #expect(found, "\(field) is missing")
                }
                #expect(cause.member("samples")?.member("failing")?.kind == .array)
                #expect(cause.member("chosen")?.bool != nil)
            }
        }
    }

    private func compared(_ a: [APICall], _ b: [APICall]) -> Comparison {
        var comparison = CallComparison()
        for call in a { comparison.add(call, to: .a) }
        for call in b { comparison.add(call, to: .b) }
        return comparison.finish()
    }

    private func orders(_ count: Int, _ changes: [String: String?] = [:], answer: String = "{\"id\":\"x\"}")
        -> [APICall]
    {
        (0..<count).map { ExplainedCalls.call(ExplainedCalls.order($0, changes), answer: answer, id: "o\($0)") }
    }

    @Test func `equal populations differ in nothing`() {
        #expect(compared(orders(300), orders(300)).changes.isEmpty)
    }

    @Test(
        arguments: [
            (["coupon": "\"X\""], "$.coupon", Change.Kind.appeared), (["note": nil], "$.note", .vanished),
            (["amount": "\"12\""], "$.amount", .type), (["currency": "\"EUR\""], "$.currency", .distribution),
        ] as [([String: String?], String, Change.Kind)])
    func `what appeared, vanished, changed its type or its values is told first`(
        changes: [String: String?], path: String, kind: Change.Kind
    ) {
        let first = compared(orders(300), orders(300, changes)).changes.first
        #expect(first?.predicate.first?.path == path)
        #expect(first?.kind == kind)
        #expect((first?.confidence ?? 0) > 0.9)
    }

    @Test func `a key that a partner dropped from its answers is drift`() {
        let first = compared(orders(200, answer: "{\"id\":\"x\",\"fee\":3}"), orders(200)).changes.first
        #expect(
            first?.predicate.first == CallCondition(path: "$.fee", place: "response.body", test: "present", value: nil))
        #expect(first?.kind == .vanished)
    }

    @Test func `latency and status are compared too`() {
        func timed(_ milliseconds: Int64, _ status: Int) -> [APICall] {
            orders(100).map { call in
                var call = call
                call.duration = .milliseconds(milliseconds)
                call.response?.status = status
                return call
            }
        }
        let kinds = Set(compared(timed(100, 200), timed(400, 202)).changes.map(\.kind))
        #expect(kinds.contains(.latency))
        #expect(kinds.contains(.status))
    }

    @Test func `a sample of a stream stands for all of it`() {
        var sample = SpreadSample<Int>(capacity: 50)
        for item in 0..<10_000 { sample.add(item) }
        #expect(sample.items.count <= 50)
        #expect(sample.items.count > 20)
        #expect(sample.standsFor * Double(sample.items.count) == 10_000)
    }
}
