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

    @Test func `a failing sample has the value that failures share, and a succeeding one has not`() throws {
        let calls = (0..<600).map { seed in
            let isTheirs = seed % 3 == 0
            let fails = isTheirs ? seed % 2 == 0 : seed % 50 == 1
            return ExplainedCalls.call(
                ExplainedCalls.order(seed), status: fails ? 503 : 200, answer: "{}",
                customer: isTheirs ? "globex" : "acme",
                id: (isTheirs ? "globex" : "other") + (fails ? "-failed-" : "-fine-") + "\(seed)")
        }
        let cause = try #require(explained(calls).causes.first { $0.predicate.first?.value == "globex" })
        #expect(cause.failingSamples.count == 5 && cause.succeedingSamples.count == 5)
        #expect(cause.failingSamples.allSatisfy { $0.hasPrefix("globex-failed-") })
        #expect(cause.succeedingSamples.allSatisfy { $0.hasPrefix("other-fine-") })
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

    /// Calls of which the first are of one kind and the others of the other, as their ids say.
    private func mixed(
        _ count: Int, first: Int, areChanged: Bool, _ change: (_ seed: Int, _ isChanged: Bool, _ id: String) -> APICall
    ) -> [APICall] {
        (0..<count).map { seed in
            let isChanged = (seed < first) == areChanged
            return change(seed, isChanged, (isChanged ? "changed" : "plain") + "\(seed)")
        }
    }

    private func expectSamples(_ change: Change?) {
        #expect(change?.aSamples.count == 5 && change?.bSamples.count == 5)
        #expect(change?.aSamples.allSatisfy { $0.hasPrefix("plain") } == true, "\(change?.aSamples ?? [])")
        #expect(change?.bSamples.allSatisfy { $0.hasPrefix("changed") } == true, "\(change?.bSamples ?? [])")
    }

    @Test(
        arguments: [["coupon": "\"X\""], ["note": nil], ["amount": "\"12\""], ["currency": "\"JPY\""]]
            as [[String: String?]], [30, 50])
    func `samples of a change show it on the one side and not on the other`(changes: [String: String?], first: Int) {
        let call = { (seed: Int, isChanged: Bool, id: String) in
            ExplainedCalls.call(ExplainedCalls.order(seed, isChanged ? changes : [:]), answer: "{}", id: id)
        }
        let comparison = compared(
            mixed(300, first: 10, areChanged: true, call), mixed(300, first: first, areChanged: false, call))
        expectSamples(comparison.changes.first)
    }

    @Test func `what only later calls show has samples of these`() {
        let call = { (seed: Int, isChanged: Bool, id: String) in
            ExplainedCalls.call(
                ExplainedCalls.order(seed, isChanged ? ["coupon": "\"X\""] : [:]), answer: "{}", id: id)
        }
        let comparison = compared(
            mixed(300, first: 10, areChanged: true, call), mixed(300, first: 100, areChanged: false, call))
        expectSamples(comparison.changes.first)
    }

    @Test func `samples of statuses, latencies and shares show them as well`() {
        let call = { (seed: Int, isChanged: Bool, id: String) in
            var call = ExplainedCalls.call(
                ExplainedCalls.order(seed), status: isChanged ? 503 : 200, answer: "{}",
                customer: isChanged ? "globex" : "acme", id: id)
            call.duration = .milliseconds(isChanged ? 400 : 100)
            return call
        }
        let changes = compared(
            mixed(300, first: 10, areChanged: true, call), mixed(300, first: 30, areChanged: false, call)
        ).changes
        expectSamples(changes.first { $0.kind == .status })
        expectSamples(changes.first { $0.kind == .latency })
        expectSamples(changes.first { $0.predicate.first?.path == "customer" })
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
