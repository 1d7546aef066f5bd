import CallModel
import Documents
import Testing

@testable import Contrast

/// Shapes whose codes bear hashes tell what only values can: which of them, or which two, calls fail with.
struct HashedShapeTests {
    private func shaped(_ call: APICall, hashes: Bool = true) -> APICall {
        var limits = ShapeLimits()
        if hashes {
            limits.hashing = ShapeHashing(
                excludes: { _ in false }, hash: { text in mixed(hashBytes(text)) })
        }
        var call = call
        call.request.body = Shape.of(
            bytes: call.request.body?.bytes ?? [], contentType: "application/json", parser: JSONParser(), limits: limits
        ).map { Body($0, form: .shape) }
        return call
    }

    /// USD, as long as EUR and GBP, fails from the 150th call on.
    private func places(hashes: Bool) -> [String] {
        var explainer = CallExplainer()
        var failures: [(APICall, Int)] = []
        for seed in 0..<400 {
            let isBroken = seed >= 150 && seed < 320 && seed % 3 == 1
            let call = shaped(
                ExplainedCalls.call(
                    ExplainedCalls.order(seed), status: isBroken ? 422 : 201,
                    answer: isBroken ? "{\"message\":\"Bad Request\"}" : nil), hashes: hashes)
            explainer.observe(call, position: seed)
            if isBroken { failures.append((call, seed)) }
        }
        return failures.map { explainer.explain($0.0, position: $0.1).ranked.first?.path ?? "" }
    }

    @Test func `a value with which calls only fail is found from its hash`() {
        #expect(places(hashes: true).allSatisfy { $0 == "$.currency" })
        #expect(!places(hashes: false).contains("$.currency"))
    }

    @Test func `a repeated id is found from its hash`() {
        var explainer = CallExplainer()
        for seed in 0..<200 {
            explainer.observe(shaped(ExplainedCalls.call(ExplainedCalls.order(seed))), position: seed)
        }
        let again = ["reference": "\"r5x\(5 * 7919 % 9973)\""]
        let call = ExplainedCalls.call(ExplainedCalls.order(777, again), status: 409, answer: "{\"code\":\"E1\"}")
        let best = explainer.explain(shaped(call), position: 200).ranked.first
        #expect(best?.path == "$.reference" && best?.test == .duplicate)
    }

    @Test func `the shape of an answer is no sentence that names a place`() {
        let body = Body("{\"error\":{\"message\":\"string/24/text\",\"param\":\"string/4/word\"}}", form: .shape)
        let clues = AnswerClues(APICall.Response(status: 422, body: body), parser: JSONParser())
        #expect(clues.sentences.isEmpty && clues.named.isEmpty)
        #expect(clues.signature != 0)
    }
}
