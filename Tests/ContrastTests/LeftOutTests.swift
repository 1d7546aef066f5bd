import Documents
import Testing

@testable import Contrast

/// What is too much to be looked at is counted and told.
struct LeftOutTests {
    private func comparison(customers: Int, sharesMax: Int, changesMax: Int = 50) -> Comparison {
        var configuration = CallComparison.Configuration()
        (configuration.sharesMax, configuration.changesMax) = (sharesMax, changesMax)
        var comparison = CallComparison(configuration)
        for number in 0..<customers {
            let body = ExplainedCalls.order(number)
            comparison.add(ExplainedCalls.call(body, customer: "a\(number)", id: "a\(number)"), to: .a)
            // Everything of it is another one, so that there are several changes.
            comparison.add(ExplainedCalls.call("{\"k\":1}", status: 202, customer: "b", id: "b\(number)"), to: .b)
        }
        return comparison.finish()
    }

    @Test func `values of dimensions beyond the bound are counted, and nothing is where all fit`() throws {
        // Route, partner, outcome, `b` and 200 customers.
        let all = comparison(customers: 200, sharesMax: 1_000)
        #expect(all.valuesLeftOut == 0)
        let some = comparison(customers: 200, sharesMax: 104)
        #expect(some.valuesLeftOut == 100)
        var bytes: [UInt8] = []
        ExplanationJSON.append(some, to: &bytes)
        try JSONParser().parse(bytes) { document in
            #expect(document.member("population")?.member("values_left_out")?.double == 100)
            #expect(document.member("population")?.member("changes_left_out")?.double == 0)
        }
    }

    @Test func `changes beyond those told are counted`() {
        let all = comparison(customers: 200, sharesMax: 1_000)
        #expect(all.changes.count > 3 && all.changesLeftOut == 0)
        let some = comparison(customers: 200, sharesMax: 1_000, changesMax: 3)
        #expect(some.changes == Array(all.changes.prefix(3)))
        #expect(some.changesLeftOut == all.changes.count - 3)
    }

    /// Successful calls have keys `k…`; the failed one has as many others in their place.
    private func note(keys count: Int) -> String {
        func body(_ letter: String) -> String {
            "{" + (0..<count).map { "\"\(letter)\($0)\":\($0)" }.joined(separator: ",") + "}"
        }
        var explainer = CallExplainer()
        for seed in 0..<60 { explainer.observe(ExplainedCalls.call(body("k")), position: seed) }
        let call = ExplainedCalls.call(body("other"), status: 422, answer: "{\"message\":\"Bad Request\"}")
        return explainer.explain(call, position: 60).note
    }

    @Test func `keys that are not held against each other as renamed ones are told`() {
        let max = AnomalyFinder.joinedMax
        #expect(!note(keys: max).contains("renamed"))
        #expect(note(keys: max + 5).contains("10 further missing or unknown keys were not looked at as renamed ones."))
    }
}
