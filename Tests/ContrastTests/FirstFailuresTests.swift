import CallModel
import Testing

@testable import Contrast

/// Failures that are judged by the calls before them alone, when little is known of their cause.
struct FirstFailuresTests {
    private func onlineExplainer() -> CallExplainer {
        var configuration = CallExplainer.Configuration()
        configuration.isOnline = true
        return CallExplainer(configuration)
    }

    private func failed(
        _ seed: Int, _ changes: [String: String?], status: Int = 422, customer: String = "acme",
        answer: String = "{\"message\":\"Bad Request\"}"
    ) -> APICall {
        ExplainedCalls.call(
            ExplainedCalls.order(seed, changes), status: status, answer: answer, customer: customer)
    }

    @Test func `a server error is put down to what broke other calls of the route lately`() {
        func explained(refusedBefore: Int) -> CallExplanation {
            var explainer = onlineExplainer()
            for seed in 0..<90 { explainer.observe(ExplainedCalls.call(ExplainedCalls.order(seed)), position: seed) }
            for position in 90..<90 + refusedBefore {
                let refused = failed(position, ["currency": nil])
                _ = explainer.explain(refused, position: position)
                explainer.observe(refused, position: position)
            }
            let broken = failed(200, ["currency": nil], status: 500, answer: "{\"error\":\"internal error\"}")
            return explainer.explain(broken, position: 200)
        }
        #expect(explained(refusedBefore: 3).ranked.first?.path == "$.currency")
        #expect(explained(refusedBefore: 3).ranked.first?.test == .missing)
        #expect(explained(refusedBefore: 0).ranked.isEmpty)
    }

    @Test func `text that was escaped twice is told`() {
        var explainer = CallExplainer()
        for seed in 0..<120 {
            let order = ExplainedCalls.order(seed, ["note": "\"salt & pepper no. \(seed % 50)\""])
            explainer.observe(ExplainedCalls.call(order), position: seed)
        }
        let explanation = explainer.explain(failed(500, ["note": "\"salt &amp; pepper 7\""]), position: 120)
        #expect(explanation.ranked.first?.path == "$.note")
        #expect(explanation.ranked.first?.test == .format)
        #expect(explanation.ranked.first?.text.contains("characters that were escaped twice") == true)
    }
}
